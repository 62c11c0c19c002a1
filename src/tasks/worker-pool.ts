import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Piscina } from "piscina";
import type { Clock } from "../base/clock.js";
import { ConfigError } from "../base/config-error.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Task } from "./task.js";
import { pastTaskResult } from "./task-news.js";

export interface WorkerPoolOptions {
  readonly maxThreads: number;
  /** How long a work may go on that was told to end; then its thread does. */
  readonly graceMs: number;
  readonly clock: Clock;
  /** How long a result may be, as JSON. */
  readonly maxResultBytes: number;
  /** Called with what a work threw that was over, from something it had left behind. */
  readonly report: (error: unknown, during: string) => void;
  /** Megabytes that the heap of a thread may have. Default: as many as Node gives it. */
  readonly maxHeapMb?: number | undefined;
}

/** The threads that an app's heavy tasks run in. They end when they have been idle for a while, and with the app. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #piscina: Piscina<Errand, Outcome>;

  /** Rejects with a ConfigError `missing_package` where piscina is not installed. */
  static async open(options: WorkerPoolOptions): Promise<WorkerPool> {
    const { Piscina } = await loadPiscina();
    const { maxThreads, maxHeapMb } = options;
    return new WorkerPool(
      options,
      new Piscina<Errand, Outcome>({
        filename: new URL("./worker-entry.js", import.meta.url).href,
        minThreads: 0,
        maxThreads,
        idleTimeout: IDLE_MS,
        ...(maxHeapMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
      }),
    );
  }

  private constructor(options: WorkerPoolOptions, piscina: Piscina<Errand, Outcome>) {
    this.#options = options;
    this.#piscina = piscina;
    // Such as a thread that can't begin: whoever waits for it is told by its task.
    piscina.on("error", (error: unknown) => options.report(error, "a thread for tasks"));
    piscina.on("message", ({ module, failed }: LeftBehind) =>
      options.report(toError(failed), `what ${module} left behind`),
    );
  }

  /** Gives what the module's function gives, and throws what it throws. */
  async run(module: string, input: unknown, task: Task): Promise<unknown> {
    const { signal } = task;
    const { maxResultBytes } = this.#options;
    const { port1: port, port2: theirs } = new MessageChannel();
    const terminate = new AbortController();
    const stop = this.#stopOn(signal, port, terminate);
    port.on("message", (said: Progress) => report(task, said));
    try {
      const errand = { module, input, id: task.id, port: theirs, maxResultBytes };
      const outcome = await this.#piscina.run(errand, { transferList: [theirs], signal: terminate.signal });
      // What it said last may have come here after its outcome.
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        report(task, next.message);
      }
      return readOutcome(outcome, maxResultBytes);
    } finally {
      stop();
      port.close();
    }
  }

  /** Ends all threads, whatever they do. */
  close(): Promise<void> {
    return this.#piscina.destroy();
  }

  /** Tells a work to end, and ends its thread where it does not in time. Gives what forgets it. */
  #stopOn(signal: AbortSignal, port: MessagePort, terminate: AbortController): () => void {
    const { clock, graceMs } = this.#options;
    let late: { cancel(): void } | undefined;
    const tell = () => {
      port.postMessage("end");
      late = clock.after(graceMs, () => terminate.abort());
    };
    if (signal.aborted) tell();
    else signal.addEventListener("abort", tell, { once: true });
    return () => {
      signal.removeEventListener("abort", tell);
      late?.cancel();
    };
  }
}

/** What a thread is to do; `worker-entry.js` does it. */
export interface Errand {
  readonly module: string;
  readonly input: unknown;
  readonly id: string;
  /** Takes its progress, and gives `"end"`. */
  readonly port: ErrandPort;
  readonly maxResultBytes: number;
}
/** As much of a `MessagePort` as a work uses: the types of a door know nothing of Node. */
export interface ErrandPort {
  on(event: "message", listener: (message: unknown) => void): unknown;
  postMessage(message: unknown): void;
  close(): void;
}
export type Outcome =
  | { readonly resultJson: string }
  /** It gave more than it may: so many. */
  | { readonly resultBytes: number }
  /** It threw a `TidingsError`. */
  | { readonly refused: Pick<TidingsError, "code" | "message" | "issues"> }
  /** It threw something else. `stack` has all there is to know of it. */
  | { readonly failed: Failure };
interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}
/** What was thrown in a thread when the work of this module was over. */
interface LeftBehind {
  readonly module: string;
  readonly failed: Failure;
}
type Progress = readonly [percent: number, message: string | undefined];

function readOutcome(outcome: Outcome, maxResultBytes: number): unknown {
  if ("resultJson" in outcome) return JSON.parse(outcome.resultJson);
  if ("resultBytes" in outcome) throw pastTaskResult("A task gives", outcome.resultBytes, maxResultBytes);
  if ("failed" in outcome) throw toError(outcome.failed);
  const { code, message, issues } = outcome.refused;
  throw new TidingsError(code, message, { issues });
}

function toError(failed: Failure): Error {
  return Object.assign(new Error(failed.message), failed);
}

/** What is wrong with it is the thread's own affair, which was told. */
function report(task: Task, [percent, message]: Progress): void {
  void task.progress(percent, message);
}

async function loadPiscina(): Promise<{ readonly Piscina: typeof Piscina }> {
  try {
    return await import("piscina");
  } catch (cause) {
    throw new ConfigError("missing_package", {
      message: "startWorkerTask() needs the package piscina, which could not be loaded.",
      fix: "Install it: npm install piscina",
      cause,
    });
  }
}

const IDLE_MS = 30_000;

import { join, relative } from "node:path";
import { type ExitCode, exitCodes } from "../exit-code.js";
import type { Terminal } from "../terminal.js";
import { AppProcess } from "./app-process.js";
import type { ChildSays, ChildTask, States } from "./messages.js";
import { SourceWatch } from "./source-watch.js";

export interface DevSessionOptions {
  readonly task: ChildTask;
  /** As it is now: a file of it may change. */
  readonly env: () => NodeJS.ProcessEnv;
  readonly terminal: Terminal;
}

/** What an app has left, and when. */
interface Heritage {
  readonly states: States;
  readonly atMs: number;
}

/**
 * Runs the app in a process, and when a file changes in another one, which is loaded before the first is told to go: what
 * can't be loaded takes nothing away. What the memory broker knew goes from one to the other.
 */
export class DevSession {
  readonly #options: DevSessionOptions;
  readonly #watch: SourceWatch;
  /** Who serves, or is about to. */
  #current: AppProcess | undefined;
  /** Who loads, to take its place. */
  #next: AppProcess | undefined;
  #heritage: Heritage | undefined;
  /** One after the other takes its turn. */
  #turns: Promise<void> = Promise.resolve();
  #stoppedAtMs: number | undefined;
  #end: (code: ExitCode) => void = () => {};
  #hasListened = false;
  /** A free one that was picked stays: clients come back to it. */
  #port: number;

  constructor(options: DevSessionOptions) {
    this.#options = options;
    this.#port = options.task.port;
    this.#watch = new SourceWatch({
      folder: process.cwd(),
      onChange: (paths) => this.#own(this.#load(paths)),
      onError: (folder, { message }) => options.terminal.note(`Changes in ${folder} are not seen: ${message}`),
    });
  }

  /** Resolves when it was stopped, or can't begin. */
  async run(): Promise<ExitCode> {
    const ended = new Promise<ExitCode>((resolve) => {
      this.#end = resolve;
    });
    const onSignal = (signal: NodeJS.Signals) => this.#own(this.#stop(signal));
    for (const signal of SIGNALS) process.on(signal, onSignal);
    this.#watch.add(join(process.cwd(), ".env"));
    this.#watch.add(this.#options.task.file);
    this.#own(this.#load([]));
    try {
      return await ended;
    } finally {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      this.#watch.close();
    }
  }

  /** Where even this fails there is nothing to go on with. */
  #own(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#options.terminal.error({ code: "internal", message: String(error) });
      for (const each of [this.#current, this.#next]) each?.kill();
      this.#end(exitCodes.failed);
    });
  }

  /** @param changed none: it is the first */
  async #load(changed: readonly string[]): Promise<void> {
    if (this.#isStopping) return;
    // What it has loaded so far may be what has changed.
    this.#next?.kill();
    const next = this.#start(changed);
    this.#next = next;
    const isLoaded = await next.loaded;
    if (this.#next !== next) return;
    if (!isLoaded) {
      this.#next = undefined;
      this.#notLoaded(next, changed);
      return;
    }
    const turn = this.#turns.then(() => this.#handTo(next));
    this.#turns = turn;
    await turn;
  }

  #start(changed: readonly string[]): AppProcess {
    const { task, env } = this.#options;
    const started = new AppProcess({
      task: { ...task, port: this.#port },
      env: env(),
      onFile: (path) => this.#watch.add(path),
      onRunning: () => {
        this.#heritage = undefined;
      },
      onListening: (at) => this.#tellListening(at, changed, performance.now() - started.startedAtMs),
    });
    return started;
  }

  /** The one before goes, and it begins. */
  async #handTo(next: AppProcess): Promise<void> {
    await this.#current?.settled;
    // One that ended while it waited has said why: what is there serves on.
    if (this.#next !== next || this.#isStopping || next.hasEnded) return;
    this.#next = undefined;
    const before = this.#current;
    this.#current = undefined;
    if (before !== undefined && !before.hasEnded) await before.leave();
    if (before !== undefined) this.#inherit(before);
    if (this.#isStopping) {
      next.kill();
      return;
    }
    this.#current = next;
    this.#watch.watchLoaded();
    const { states = [], atMs = 0 } = this.#heritage ?? {};
    next.begin(states, performance.now() - atMs);
    this.#own(this.#mind(next));
  }

  /** Tells when it ends by itself. */
  async #mind(serving: AppProcess): Promise<void> {
    const how = await serving.ended;
    if (this.#current !== serving || this.#isStopping) return;
    this.#current = undefined;
    this.#inherit(serving);
    // Another file would not make the port free.
    if (!this.#hasListened && serving.failure?.code === "port_in_use") {
      this.#end(exitCodes.failed);
      return;
    }
    this.#watch.watchAll();
    this.#tell(
      { event: "ended", how },
      `${this.#name} has ended with ${how}. It is started again when a file changes.`,
    );
  }

  /** One that left nothing has served nobody: what there was before it still holds. One that was killed has said nothing. */
  #inherit({ left }: AppProcess): void {
    if (left !== undefined && left.length > 0) this.#heritage = { states: left, atMs: performance.now() };
  }

  #notLoaded({ failure }: AppProcess, changed: readonly string[]): void {
    if (this.#isStopping) return;
    this.#watch.watchAll();
    const isServing = this.#current !== undefined;
    const then = isServing ? "What was there before serves on." : "It is tried again when a file changes.";
    this.#tell({ event: "not_loaded", code: failure?.code, changed: this.#shown(changed), isServing }, then);
  }

  #tellListening({ url, pages }: Listening, changed: readonly string[], tookMs: number): void {
    const hasListened = this.#hasListened;
    this.#hasListened = true;
    if (url !== undefined) this.#port = Number(new URL(url).port);
    const ms = Math.round(tookMs);
    const files = this.#shown(changed);
    if (hasListened && files.length > 0) {
      this.#tell({ event: "reloaded", changed: files, ms, url }, `reloaded in ${ms} ms: ${files.join(", ")}`);
      return;
    }
    const at = url === undefined ? `${this.#name} listens` : `listening on ${url}; see ${pages ?? url}/docs`;
    this.#tell({ event: "listening", url, pages, ms }, `${at}. It is reloaded when a file changes; Ctrl-C ends it.`);
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    const all = [this.#current, this.#next].filter((each) => each !== undefined);
    if (this.#stoppedAtMs !== undefined) {
      if (performance.now() - this.#stoppedAtMs < SAME_SIGNAL_MS) return;
      for (const each of all) each.kill();
      this.#end(exitCodes.failed);
      return;
    }
    this.#stoppedAtMs = performance.now();
    this.#watch.close();
    await Promise.all([...all.map((each) => each.stop(signal)), this.#turns]);
    this.#end(exitCodes.done);
  }

  get #isStopping(): boolean {
    return this.#stoppedAtMs !== undefined;
  }

  get #name(): string {
    return relative(process.cwd(), this.#options.task.file) || this.#options.task.file;
  }

  #shown(paths: readonly string[]): string[] {
    return paths.map((path) => relative(process.cwd(), path));
  }

  #tell(event: Readonly<Record<string, unknown>>, text: string): void {
    const { terminal } = this.#options;
    if (terminal.isJson) terminal.result(event);
    else terminal.note(text);
  }
}

type Listening = Extract<ChildSays, { is: "listening" }>;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** One Ctrl-C comes twice under `npm run dev`: from the terminal, and passed on by npm. */
const SAME_SIGNAL_MS = 500;

import cluster, { type Worker } from "node:cluster";
import type { Logger } from "../../base/logger.js";
import { ConfigError, type Listening } from "../../index.js";
import { type ExitCode, exitCodes } from "../exit-code.js";
import type { ServeConfig } from "./config.js";
import { restartDelayMs } from "./restart-delay.js";

/** Which of the workers this process is, from 0 on: it stays the same where one takes another's place. */
const INDEX = "TIDINGS_WORKER_INDEX";

export interface Supervision {
  readonly count: number;
  readonly logger: Logger;
  /** Called once, when the first of them listens. */
  readonly tell: (listening: Told) => void;
}
export type Told = Pick<Listening, "url" | "pages">;

/**
 * Starts so many processes that share one port, and starts one anew that dies. Resolves when all have ended: by a signal, or
 * because what they are to do can't be done.
 *
 * @throws {ConfigError} `workers_without_redis`
 */
export async function superviseWorkers(config: ServeConfig, supervision: Supervision): Promise<ExitCode> {
  if (config.redis?.url === undefined) {
    throw new ConfigError("workers_without_redis", {
      message: `${supervision.count} processes that don't know each other would be as many servers: who is on one does not hear who is on another.`,
      fix: "Set redis.url (TIDINGS_REDIS_URL), or leave --workers out.",
    });
  }
  return new Workers(supervision).run();
}

/** To whoever started this worker. */
export function toldPrimary({ url, pages }: Told): void {
  process.send?.({ tidings: "listening", url, pages });
}

/**
 * What a worker serves. Numbers are each process's own: on the shared port whoever reads them would meet another process each
 * time, so they are on a port apart, one for each process: `http.port`, the next, and so on.
 */
export function ofWorker(config: ServeConfig, index: number = Number(process.env[INDEX] ?? 0)): ServeConfig {
  const { http = {} } = config;
  const { port } = http;
  if (port === undefined) return { ...config, http: { ...http, metrics: false } };
  return { ...config, http: { ...http, port: port === 0 ? 0 : port + index } };
}

class Workers {
  readonly #supervision: Supervision;
  readonly #running = new Map<number, Worker>();
  readonly #waiting = new Map<number, NodeJS.Timeout>();
  /** How often each died in a row. */
  readonly #deaths = new Map<number, number>();
  readonly #listeningSinceMs = new Map<number, number>();
  #code: ExitCode | undefined;
  #hasListened = false;
  #ended: ((code: ExitCode) => void) | undefined;

  constructor(supervision: Supervision) {
    this.#supervision = supervision;
  }

  run(): Promise<ExitCode> {
    return new Promise((resolve) => {
      const onSignal = () => this.#stop(exitCodes.done, "SIGTERM");
      const onHup = () => this.#signal("SIGHUP");
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, onSignal);
      process.on("SIGHUP", onHup);
      this.#ended = (code) => {
        for (const signal of ["SIGTERM", "SIGINT"] as const) process.off(signal, onSignal);
        process.off("SIGHUP", onHup);
        resolve(code);
      };
      for (let index = 0; index < this.#supervision.count; index += 1) this.#start(index);
    });
  }

  #start(index: number): void {
    this.#waiting.delete(index);
    const worker = cluster.fork({ [INDEX]: String(index) });
    this.#running.set(index, worker);
    worker.on("message", (said: unknown) => {
      if (isTold(said)) this.#listens(index, said);
    });
    worker.on("exit", (code: number | null, signal: string | null) => this.#exited(index, code, signal));
  }

  #listens(index: number, told: Told): void {
    this.#listeningSinceMs.set(index, performance.now());
    const pid = this.#running.get(index)?.process.pid;
    this.#supervision.logger.info({ event: "worker_listening", worker: index, pid }, `worker ${index} listens`);
    if (this.#hasListened) return;
    this.#hasListened = true;
    this.#supervision.tell(told);
  }

  #exited(index: number, code: number | null, signal: string | null): void {
    this.#running.delete(index);
    if (this.#code === undefined) this.#died(index, code, signal);
    if (this.#code !== undefined && this.#running.size === 0) this.#ended?.(this.#code);
  }

  #died(index: number, code: number | null, signal: string | null): void {
    // What none of them could begin with, a next one can't either: whoever started us decides.
    if (!this.#hasListened) {
      this.#stop(code === exitCodes.misused ? exitCodes.misused : exitCodes.failed, "SIGTERM");
      return;
    }
    const sinceMs = this.#listeningSinceMs.get(index);
    const livedMs = sinceMs === undefined ? 0 : performance.now() - sinceMs;
    this.#listeningSinceMs.delete(index);
    const { delayMs, deaths } = restartDelayMs(this.#deaths.get(index) ?? 0, livedMs);
    this.#deaths.set(index, deaths);
    const fields = { event: "worker_died", worker: index, code, signal, restartsInMs: delayMs };
    this.#supervision.logger.error(
      fields,
      `worker ${index} ended with ${signal ?? code}: another starts in ${delayMs} ms`,
    );
    this.#waiting.set(
      index,
      setTimeout(() => this.#start(index), delayMs),
    );
  }

  #stop(code: ExitCode, signal: "SIGTERM"): void {
    this.#code ??= code;
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#signal(signal);
    if (this.#running.size === 0) this.#ended?.(this.#code);
  }

  #signal(signal: NodeJS.Signals): void {
    for (const worker of this.#running.values()) worker.process.kill(signal);
  }
}

function isTold(said: unknown): said is Told {
  return typeof said === "object" && said !== null && "tidings" in said && said.tidings === "listening";
}

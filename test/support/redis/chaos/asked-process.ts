import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Question, Told } from "./questions.js";

/** A program of the fleet in a process of its own, which is asked and tells. It does not outlive this one. */
export class AskedProcess implements AsyncDisposable {
  readonly #name: string;
  readonly #patienceMs: number;
  readonly #child: ChildProcess;
  readonly #output: string[] = [];
  readonly #questions = new Map<number, Asked>();
  readonly #waiting = new Set<() => void>();
  readonly #exited: Promise<unknown>;
  #hasExited = false;
  #ids = 0;

  /**
   * @param file beside this one
   * @param notice what it says unasked
   */
  constructor(
    file: string,
    env: Readonly<Record<string, string>>,
    notice: (name: string, what: unknown) => void,
    patienceMs = PATIENCE_MS,
  ) {
    this.#name = env.NAME ?? file;
    this.#patienceMs = patienceMs;
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
      execArgv: ["--import", "tsx"],
      cwd: root,
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => this.#output.push(String(chunk)));
    child.on("message", (told: Told) => {
      if ("notice" in told) notice(told.notice, told.what);
      else this.#answered(told);
      for (const look of this.#waiting) look();
    });
    this.#exited = once(child, "close").then(() => {
      this.#hasExited = true;
      for (const { reject } of this.#questions.values()) reject(new Error(this.#told("has ended")));
    });
  }

  /** Rejects with what it rejects with, and where it takes too long. */
  ask<Answer = void>(ask: string, ...args: readonly unknown[]): Promise<Answer> {
    this.#ids += 1;
    const id = this.#ids;
    const answer = new Promise<unknown>((resolve, reject) => this.#questions.set(id, { resolve, reject }));
    this.#child.send({ id, ask, args } satisfies Question);
    // What is asked is what it answers.
    return this.#inTime(answer as Promise<Answer>, `had no answer to "${ask}"`);
  }

  /** Resolves when this holds; it is looked at whenever something was told. */
  until(what: string, holds: () => boolean): Promise<void> {
    let look = () => {};
    const held = new Promise<void>((resolve, reject) => {
      look = () => holds() && resolve();
      this.#waiting.add(look);
      this.#exited.then(() => reject(new Error(this.#told(`ended before ${what}`))), reject);
      look();
    });
    return this.#inTime(held, `took too long: ${what}`).finally(() => this.#waiting.delete(look));
  }

  /** As `kill -9`. Resolves when it has ended. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasExited) await this.kill();
  }

  #answered(told: Exclude<Told, { notice: string }>): void {
    const asked = this.#questions.get(told.id);
    this.#questions.delete(told.id);
    if ("error" in told) asked?.reject(new Error(`${this.#name}: ${told.error}`));
    else asked?.resolve(told.answer);
  }

  async #inTime<Value>(promise: Promise<Value>, otherwise: string): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(this.#told(otherwise))), this.#patienceMs);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #told(what: string): string {
    return `${this.#name} ${what}. It said: ${this.#output.join("")}`;
  }
}

interface Asked {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

const root = fileURLToPath(new URL("../../../../", import.meta.url));
/** Less than a test's. */
const PATIENCE_MS = 30_000;

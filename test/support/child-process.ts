import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A TypeScript program of the repository in a process of its own. Disposing of it stops it, which it must do with 0. */
export class Program implements AsyncDisposable {
  /** All lines so far. */
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  readonly #file: string;
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #exited: Promise<number | string>;
  #hasExited = false;

  /**
   * @param file from the repository's root
   * @param env all it gets of an environment, but for the `PATH`
   */
  constructor(file: string, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []) {
    const child = spawn(process.execPath, ["--import", "tsx", file, ...args], {
      cwd: root,
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#file = file;
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout }).on("line", (line) => this.stdout.push(line));
    createInterface({ input: child.stderr }).on("line", (line) => this.stderr.push(line));
    // "close" comes after the last line, "exit" may come before.
    this.#exited = once(child, "close").then(([code, signal]) => {
      this.#hasExited = true;
      return (code ?? signal) as number | string;
    });
  }

  /** The first line of stdout that fits, as soon as it is there. */
  line(pattern: RegExp): Promise<string> {
    const found = new Promise<string>((resolve, reject) => {
      const look = () => {
        const line = this.stdout.find((each) => pattern.test(each));
        if (line !== undefined) resolve(line);
      };
      look();
      this.#lines.on("line", look);
      this.#exited.then((code) => reject(new Error(this.#told(`ended with ${code} and no line ${pattern}`))), reject);
    });
    return this.#inTime(found, `printed no line ${pattern}`);
  }

  /** Its exit code, or the signal that ended it, when all its lines are there. */
  exit(): Promise<number | string> {
    return this.#inTime(this.#exited, "did not end");
  }

  /** Sends it a signal, and gives its exit code. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | string> {
    this.#child.kill(signal);
    return this.exit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasExited) return;
    const code = await this.stop();
    if (code !== 0) throw new Error(this.#told(`ended with ${code}`));
  }

  /** A process that takes too long is killed. */
  async #inTime<Value>(promise: Promise<Value>, otherwise: string): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#child.kill("SIGKILL");
        reject(new Error(this.#told(`${otherwise} in time`)));
      }, PATIENCE_MS);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #told(what: string): string {
    return `${this.#file} ${what}. It said: ${[...this.stdout, ...this.stderr].join("\n")}`;
  }
}

/** Less than a test's patience. A process that starts among many needs seconds. */
const PATIENCE_MS = 30_000;

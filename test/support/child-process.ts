import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { guarded, Inbox } from "./inbox.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A TypeScript program of the repository in a process of its own. Disposing of it stops it, which it must do with 0. */
export class Program implements AsyncDisposable {
  /** All lines so far. */
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  readonly #lines: Inbox<string>;
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | string>;
  #hasExited = false;

  /**
   * @param file from the repository's root
   * @param env all it gets of an environment, but for the `PATH`
   */
  constructor(file: string, env: Readonly<Record<string, string>> = {}) {
    this.#lines = new Inbox(`stdout of ${file}`);
    const child = spawn(process.execPath, ["--import", "tsx", file], {
      cwd: root,
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.stdout.push(line);
      this.#lines.put(line);
    });
    createInterface({ input: child.stderr }).on("line", (line) => this.stderr.push(line));
    this.#child = child;
    // "close" comes after the last line, "exit" may come before.
    this.#exited = once(child, "close").then(([code, signal]) => {
      this.#hasExited = true;
      this.#lines.end(`it ended with ${code ?? signal}: ${this.stderr.join("\n")}`);
      return (code ?? signal) as number | string;
    });
  }

  /** The next line of stdout that fits; those before it stay. */
  line(pattern: RegExp): Promise<string> {
    return this.#lines.next((line) => pattern.test(line));
  }

  /** Its exit code, or the signal that ended it, when all its lines are there. A process that goes on is killed. */
  async exit(): Promise<number | string> {
    const late = guarded<number | string>(() => `It did not end in time: ${this.stderr.join("\n")}`);
    this.#exited.then(late.resolve, late.reject);
    try {
      return await late.promise;
    } catch (error) {
      this.#child.kill("SIGKILL");
      throw error;
    }
  }

  /** Sends it a signal, and gives its exit code. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | string> {
    this.#child.kill(signal);
    return this.exit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasExited) return;
    const code = await this.stop();
    if (code !== 0) throw new Error(`It ended with ${code}: ${this.stderr.join("\n")}`);
  }
}

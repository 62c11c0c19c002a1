import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { guarded } from "../support/inbox.js";

export interface ProgramOptions {
  readonly cwd?: string | undefined;
  /** All it gets of an environment, but for the `PATH`. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** A program in a process of its own. It does not outlive this one, and disposing of it stops it. */
export class ForeignProgram implements AsyncDisposable {
  /** All lines so far, of both outputs. */
  readonly said: string[] = [];
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #exited: Promise<number | string>;
  #look: () => void = () => {};

  constructor(program: string, args: readonly string[], { cwd, env = {} }: ProgramOptions = {}) {
    const [file = "", ...rest] = [...leash, program, ...args];
    this.#name = [program, ...args].join(" ");
    this.#child = spawn(file, rest, {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      if (output === null) throw new Error("Its outputs are pipes.");
      createInterface({ input: output }).on("line", (line) => {
        this.said.push(line);
        this.#look();
      });
    }
    // "close" comes after the last line, "exit" may come before.
    this.#exited = once(this.#child, "close").then(([code, signal]) => (code ?? signal) as number | string);
    this.#exited.catch(() => {}); // who waits for it is told
  }

  /** The first line that fits, as soon as it is there. */
  line(pattern: RegExp): Promise<string> {
    const { promise, resolve, reject } = guarded<string>(() => this.#told(`had no line ${pattern} in time`));
    this.#look = () => {
      const line = this.said.find((each) => pattern.test(each));
      if (line !== undefined) resolve(line);
    };
    this.#look();
    this.#exited.then((code) => reject(new Error(this.#told(`ended with ${code} and no line ${pattern}`))), reject);
    return promise;
  }

  /** Its exit code, or the signal that has ended it, when all its lines are there. */
  exit(): Promise<number | string> {
    const { promise, resolve, reject } = guarded<number | string>(() => this.#told("did not end in time"));
    this.#exited.then(resolve, reject);
    return promise;
  }

  /** Sends it a signal, and gives its exit code. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | string> {
    this.#child.kill(signal);
    return this.exit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.stop();
  }

  #told(what: string): string {
    return `${this.#name} ${what}. It said:\n${this.said.slice(-40).join("\n")}`;
  }
}

/** Has the kernel kill it with us, also when we are killed ourselves. */
const leash = existsSync("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "KILL"] : [];

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { readinessOf } from "./commands.js";

export interface SessionOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly enter: Entrances;
}

/** What a command is started through, such as `nsenter …`. */
export interface Entrances {
  readonly alone: readonly string[];
  /** For what is installed, which needs the network; `undefined` where nothing may be. */
  readonly connected: readonly string[] | undefined;
}

/** How a command ended, or that it goes on. `fault` where it is not as it should be. */
export interface Outcome {
  readonly stdout: string;
  readonly isLasting: boolean;
  readonly fault: string | undefined;
}

/**
 * One who types a page's commands: folder and variables are kept from one to the next, and what goes on until it is ended is
 * as if it had a shell of its own.
 */
export class Session implements AsyncDisposable {
  /** Where the next command is run. */
  folder: string;
  readonly #env: SessionOptions["env"];
  readonly #enter: Entrances;
  readonly #kept: string;
  readonly #lasting: Run[] = [];

  constructor({ folder, env, enter }: SessionOptions) {
    this.folder = folder;
    this.#kept = mkdtempSync(join(dirname(folder), "session-")); // where it can write
    this.#env = env;
    this.#enter = enter;
  }

  async run(text: string): Promise<Outcome> {
    const enter = INSTALLS.test(text) ? this.#enter.connected : this.#enter.alone;
    if (enter === undefined)
      return { stdout: "", isLasting: false, fault: "Nothing is installed in a copy of the repository." };
    const run = new Run([...enter, "bash", "-c", this.#remembering(text)], this.folder, this.#env);
    const readiness = readinessOf(text);
    if (readiness === undefined) {
      const fault = await run.ended(COMMAND_MS);
      this.#moved();
      return { stdout: run.stdout, isLasting: false, fault };
    }
    const fault = await run.ready(readiness, READY_MS);
    const isLasting = fault === undefined && !run.hasEnded;
    if (isLasting) this.#lasting.push(run);
    return { stdout: run.stdout, isLasting, fault };
  }

  /** Ends what goes on, all of it or the last, as Ctrl-C does: what is wrong with how it ended. */
  async interrupt(which: "all" | "last" = "all"): Promise<string | undefined> {
    const lasting = which === "all" ? this.#lasting.splice(0) : this.#lasting.splice(-1);
    const faults: (string | undefined)[] = [];
    // What was started last is ended first: who is connected to a server ends before it.
    for (const run of lasting.toReversed()) faults.push(await run.interrupt());
    return faults.find((fault) => fault !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.interrupt();
    rmSync(this.#kept, { recursive: true, force: true });
  }

  /** Every variable that is set is there for the commands that follow. */
  #remembering(text: string): string {
    const [variables, folder] = [join(this.#kept, "variables"), join(this.#kept, "folder")];
    // A namespace of mounts is entered at its root.
    return `[ -e ${variables} ] && . ${variables}
cd '${this.folder}' || exit
set -ea
trap 'export -p > ${variables}; pwd > ${folder}' EXIT
${text}`;
  }

  #moved(): void {
    const path = join(this.#kept, "folder");
    if (existsSync(path)) this.folder = readFileSync(path, "utf8").trim();
  }
}

/** A command with all that it starts. */
class Run {
  stdout = "";
  hasEnded = false;
  #said = "";
  #look: () => void = () => {};
  readonly #child: ChildProcess;
  readonly #closed: Promise<string>;

  constructor([program = "", ...args]: readonly string[], cwd: string, env: SessionOptions["env"]) {
    this.#child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#hear(text);
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
    this.#closed = once(this.#child, "close").then(([code, signal]) => {
      this.hasEnded = true;
      this.#look();
      return String(code ?? signal);
    });
    running.add(this);
    this.#closed.then(
      () => running.delete(this),
      () => running.delete(this),
    );
  }

  /** When it has ended: why it should not have ended so. */
  async ended(ms: number): Promise<string | undefined> {
    const code = await this.#within(this.#closed, ms);
    if (code === "0") return undefined;
    return this.#told(code === undefined ? `It did not end within ${ms / 1_000} s.` : `It ended with ${code}.`);
  }

  /** When it has said so, or has ended well. */
  async ready(pattern: RegExp, ms: number): Promise<string | undefined> {
    const said = new Promise<string>((resolve) => {
      this.#look = () => pattern.test(this.#said) && resolve("0");
    });
    const code = await this.#within(Promise.race([said, this.#closed]), ms);
    if (code === "0") return undefined;
    return this.#told(
      code === undefined ? `It did not say ${pattern} within ${ms / 1_000} s.` : `It ended with ${code}.`,
    );
  }

  async interrupt(): Promise<string | undefined> {
    const hadEnded = this.hasEnded;
    this.signal("SIGINT");
    const code = await this.#within(this.#closed, END_MS);
    if (code === undefined) return this.#told(`It did not end within ${END_MS / 1_000} s of Ctrl-C.`);
    return hadEnded && code !== "0" ? this.#told(`It ended by itself, with ${code}.`) : undefined;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.hasEnded || this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // Nothing of it is left.
    }
  }

  #hear(text: string): void {
    this.#said = (this.#said + text).slice(-SAID_LENGTH);
    this.#look();
  }

  /** `undefined` where that took too long, after which nothing of it is left. */
  async #within(promise: Promise<string>, ms: number): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ms);
    });
    const first = await Promise.race([promise, late]);
    clearTimeout(timer);
    if (first === undefined) {
      this.signal("SIGKILL");
      await this.#closed;
    }
    return first;
  }

  #told(what: string): string {
    return this.#said.trim() === "" ? `${what} It said nothing.` : `${what} It said:\n${this.#said.trimEnd()}`;
  }
}

/** What is left is killed with this process, whose signals its own groups do not get. */
const running = new Set<Run>();
process.once("exit", () => {
  for (const run of running) run.signal("SIGKILL");
});

const INSTALLS = /\bnpm (install|i|ci|add|update|uninstall|exec)\b/;
/** An installation is what takes longest. */
const COMMAND_MS = 120_000;
const READY_MS = 30_000;
const END_MS = 15_000;
const SAID_LENGTH = 4_000;

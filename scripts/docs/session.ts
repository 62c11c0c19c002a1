import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Command, fits, readinessOf } from "./commands.js";
import { Run, type RunOptions } from "./run.js";

export interface SessionOptions extends RunOptions {
  readonly enter: Entrances;
}

/** What a command is started through, such as `nsenter …`. */
export interface Entrances {
  readonly alone: readonly string[];
  /** For what is installed, which needs the network; `undefined` where nothing may be. */
  readonly connected: readonly string[] | undefined;
}

/** A command that did not go as its page says. */
export interface Mishap {
  readonly command: Command;
  readonly fault: string;
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
  readonly #lasting: { readonly run: Run; readonly command: Command }[] = [];

  constructor({ folder, env, enter }: SessionOptions) {
    this.folder = folder;
    this.#kept = mkdtempSync(join(dirname(folder), "session-")); // where it can write
    this.#env = env;
    this.#enter = enter;
  }

  /** When it has ended, or is ready and goes on. */
  async type(command: Command): Promise<Mishap | "goes on" | undefined> {
    const { text } = command;
    const enter = INSTALLS.test(text) ? this.#enter.connected : this.#enter.alone;
    if (enter === undefined) return { command, fault: "Nothing is installed in a copy of the repository." };
    const readiness = readinessOf(text);
    const script = this.#script(text, readiness === undefined);
    const run = new Run([...enter, "bash", "-c", script], { folder: this.folder, env: this.#env });
    if (readiness === undefined) {
      const fault = (await run.end(COMMAND_MS)) ?? whyNot(run, command);
      this.#moved();
      return fault === undefined ? undefined : { command, fault };
    }
    const fault = await run.ready(readiness, READY_MS);
    if (fault !== undefined) return { command, fault };
    this.#lasting.push({ run, command });
    return "goes on";
  }

  /** Ends what goes on, all of it or the last, as Ctrl-C does, when it has said what its page says. */
  async interrupt(which: "all" | "last" = "all"): Promise<Mishap | undefined> {
    const lasting = which === "all" ? this.#lasting.splice(0) : this.#lasting.splice(-1);
    const mishaps: Mishap[] = [];
    // What was started last is ended first: who is connected to a server ends before it.
    for (const { run, command } of lasting.toReversed()) {
      await run.until(() => whyNot(run, command) === undefined, ANSWER_MS);
      const fault = (await run.interrupt(END_MS)) ?? whyNot(run, command);
      if (fault !== undefined) mishaps.push({ command, fault });
    }
    return mishaps.at(-1);
  }

  /** When whoever reloads has done so for a file that was there, and will be another; or has had time to. */
  async reloaded(file: string): Promise<void> {
    if (file.endsWith(".test.ts")) return;
    const reloading = this.#lasting.filter(({ command, run }) => RELOADS.test(command.text) && !run.hasEnded);
    await Promise.all(reloading.map(({ run }) => run.hears(HAS_RELOADED, RELOAD_MS)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.interrupt();
    rmSync(this.#kept, { recursive: true, force: true });
  }

  /** Every variable that it sets is there for the commands that follow; not of what goes on, whose end is late. */
  #script(text: string, isRemembered: boolean): string {
    const [variables, folder] = [join(this.#kept, "variables"), join(this.#kept, "folder")];
    // A namespace of mounts is entered at its root.
    return `[ -e ${variables} ] && . ${variables}
cd '${this.folder}' || exit
set -ea
${isRemembered ? `trap 'export -p > ${variables}; pwd > ${folder}' EXIT` : ""}
${text}`;
  }

  #moved(): void {
    const path = join(this.#kept, "folder");
    if (existsSync(path)) this.folder = readFileSync(path, "utf8").trim();
  }
}

function whyNot({ stdout }: Run, { answer }: Command): string | undefined {
  if (answer === undefined || fits(stdout, answer)) return undefined;
  return `The page says that it answers\n${answer}\nIt answered\n${stdout.trimEnd()}`;
}

const INSTALLS = /\bnpm (install|i|ci|add|update|uninstall|exec)\b/;
const RELOADS = /\btidings dev\b|\bnpm run dev\b/;
const HAS_RELOADED = /"event":"reloaded"|^reloaded in |serves on\.|tried again when a file changes/m;

/** An installation is what takes longest. */
const COMMAND_MS = 120_000;
const READY_MS = 30_000;
const RELOAD_MS = 20_000;
const ANSWER_MS = 5_000;
const END_MS = 15_000;

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { nodeFlagsFor } from "../load-app.js";
import { packageFolder } from "../package.js";
import type { Failure } from "../terminal.js";
import type { ChildSays, ChildTask, ParentSays, States } from "./messages.js";

export interface AppProcessOptions {
  readonly task: ChildTask;
  readonly env: NodeJS.ProcessEnv;
  /** A file that it loads. */
  readonly onFile: (path: string) => void;
  /** It has taken over what was left. */
  readonly onRunning: () => void;
  readonly onListening: (at: Extract<ChildSays, { is: "listening" }>) => void;
}

/** One process that runs the app, from its start to its end. */
export class AppProcess {
  /** Resolves with false where it ended before. */
  readonly loaded: Promise<boolean>;
  /** How it ended. */
  readonly ended: Promise<number | string>;
  readonly startedAtMs: number = performance.now();
  readonly #child: ChildProcess;
  readonly #options: AppProcessOptions;
  #hasLoaded: () => void = () => {};
  #hasEnded = false;
  #settled: Promise<void> | undefined;
  #left: States | undefined;
  #failure: Failure | undefined;

  constructor(options: AppProcessOptions) {
    const { task, env } = options;
    this.#options = options;
    this.#child = fork(fileURLToPath(ENTRY), [JSON.stringify(task)], {
      execArgv: [...flagsFor(task.file)],
      // Node tells of each module that it loads, of whatever kind and through whatever loader: so `node --watch` knows them.
      env: { ...env, WATCH_REPORT_DEPENDENCIES: "1" },
      // What was asked for with --json is a parent's to say.
      stdio: ["ignore", task.isJson ? 2 : "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (said: ChildSays | LoadedModules) => this.#hear(said));
    this.ended = once(this.#child, "exit").then(([code, signal]) => {
      this.#hasEnded = true;
      return (code ?? signal) as number | string; // one of the two is there
    });
    const loaded = new Promise<boolean>((resolve) => {
      this.#hasLoaded = () => resolve(true);
    });
    this.loaded = Promise.race([loaded, this.ended.then(() => false)]);
  }

  /**
   * Resolves when it has listened for a while, or has ended; at once where it does not listen. Clients come back later and
   * later to a server that is gone each time as soon as they are there (PROTOCOL.md: once they were there for a second they do not).
   */
  get settled(): Promise<void> {
    return this.#settled ?? Promise.resolve();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** What it left, where it could say so. */
  get left(): States | undefined {
    return this.#left;
  }

  /** Why it ended, where it could say so. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  begin(states: States, agoMs: number): void {
    this.#say({ is: "turn", states, agoMs });
  }

  /** Closes its apps, and ends it. Resolves when it is gone. */
  async leave(): Promise<void> {
    this.#say({ is: "leave" });
    await this.#endsSoon();
  }

  /** As whoever stops `tidings dev` does. Resolves when it is gone. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    await this.#endsSoon();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** One whose loop hangs does not hear what it is told. */
  async #endsSoon(): Promise<void> {
    const late = setTimeout(() => this.kill(), PATIENCE_MS);
    await this.ended;
    clearTimeout(late);
  }

  async #settle(): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    const hasBeenThere = new Promise<void>((resolve) => {
      late = setTimeout(resolve, SETTLED_MS);
    });
    await Promise.race([hasBeenThere, this.ended]);
    clearTimeout(late);
  }

  #say(what: ParentSays): void {
    // It may be gone at any time: then it hears nothing, and its end is known by itself.
    if (this.#child.connected) this.#child.send(what, () => {});
  }

  #hear(said: ChildSays | LoadedModules): void {
    if (!("is" in said)) {
      for (const path of pathsOf(said)) this.#options.onFile(path);
      return;
    }
    switch (said.is) {
      case "waiting":
        this.#hasLoaded();
        return;
      case "running":
        this.#options.onRunning();
        return;
      case "listening":
        this.#settled ??= this.#settle();
        this.#options.onListening(said);
        return;
      case "failed":
        this.#failure = said.failure;
        return;
      case "left":
        this.#left = said.states;
        return;
    }
  }
}

/** Longer than an app that makes room takes: see `Seat.drain` and `limits.close`. */
const PATIENCE_MS = 10_000;

/** The longest that `Seat.drain` has clients stay away, and the second; the rest is for their way. */
const SETTLED_MS = 1_600;

/** As it is published, and as it is here. */
const ENTRY = import.meta.url.endsWith(".ts")
  ? new URL("./child.ts", import.meta.url)
  : new URL("dist/cli/dev/child.js", packageFolder);

function flagsFor(file: string): readonly string[] {
  const flags = nodeFlagsFor(file);
  return flags.length === 0 ? nodeFlagsFor(fileURLToPath(ENTRY)) : flags;
}

/** What Node says of the modules that it loads. Of what has no file there is null. */
interface LoadedModules {
  readonly "watch:import"?: readonly (string | null)[];
  readonly "watch:require"?: readonly (string | null)[];
}

function pathsOf({ "watch:import": urls = [], "watch:require": paths = [] }: LoadedModules): string[] {
  const imported = urls.filter((url) => url?.startsWith("file:")).map((url) => fileURLToPath(String(url)));
  return [...imported, ...paths.filter((path) => path !== null)];
}

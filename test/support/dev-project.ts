import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Inbox } from "./inbox.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const tsx = new URL("../../node_modules/tsx/dist/loader.mjs", import.meta.url).href;

/** What `tidings dev --json` says. */
export interface DevEvent {
  readonly event?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly fix?: string };
  readonly [more: string]: unknown;
}

/** A folder with a user's program, on the sources of this package. */
export class DevProject implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "tidings-dev-"));

  constructor(files: Readonly<Record<string, string>>) {
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"), "junction");
    this.write("package.json", '{ "type": "module" }');
    this.write("tsconfig.json", JSON.stringify({ extends: join(root, "tsconfig.json") }));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** Runs the command here. */
  dev(args: readonly string[], env: Readonly<Record<string, string>> = {}): DevRun {
    return new DevRun(this.folder, ["dev", ...args, "--json"], env);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The command in a process group of its own, as a terminal starts it. Disposing of it ends it like Ctrl-C. */
export class DevRun implements AsyncDisposable {
  readonly events = new Inbox<DevEvent>("An event of `tidings dev`", PATIENCE_MS);
  /** What else was written to stderr, by the app too. */
  readonly lines = new Inbox<string>("A line", PATIENCE_MS);
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | string>;
  #hasExited = false;

  constructor(cwd: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, ["--import", tsx, join(root, "src/cli/index.ts"), ...args], {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on("line", (line) => this.#take(line));
    this.#exited = once(child, "close").then(([code, signal]) => {
      this.#hasExited = true;
      this.events.end(`it has ended with ${code ?? signal}: ${this.lines.unread.join("\n")}`);
      this.lines.end("it has ended");
      return (code ?? signal) as number | string; // one of the two is there
    });
  }

  /** The next of this kind, whether it is an event or an error. */
  until(kind: string): Promise<DevEvent> {
    return this.events.next(({ event, error }) => event === kind || error?.code === kind);
  }

  /** Its exit code, when it is gone and so is whoever had its output: a child that stays would hold it. */
  exit(): Promise<number | string> {
    return this.#exited;
  }

  /** To itself alone. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** As Ctrl-C in a terminal does: to it and to whatever it has started. */
  async interrupt(): Promise<number | string> {
    if (this.#child.pid !== undefined && !this.#hasExited) process.kill(-this.#child.pid, "SIGINT");
    return this.exit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasExited) await this.interrupt();
  }

  #take(line: string): void {
    if (line.startsWith('{"')) this.events.put(JSON.parse(line));
    else this.lines.put(line);
  }
}

/** A process that starts among many needs seconds. */
const PATIENCE_MS = 30_000;

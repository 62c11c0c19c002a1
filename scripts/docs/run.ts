import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export interface RunOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A command under way, with all that it starts. It does not outlive this process. */
export class Run {
  stdout = "";
  hasEnded = false;
  #said = "";
  #looks = new Set<() => void>();
  readonly #child: ChildProcess;
  readonly #closed: Promise<string>;

  constructor([program = "", ...args]: readonly string[], { folder, env }: RunOptions) {
    // A group of its own, which is ended as a whole.
    this.#child = spawn(program, args, { cwd: folder, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#hear(text);
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
    this.#closed = once(this.#child, "close").then(
      ([code, signal]) => this.#over(String(code ?? signal)),
      (error) => this.#over(String(error)),
    );
    running.add(this);
  }

  /** When it has ended: why it should not have ended so. */
  async end(ms: number): Promise<string | undefined> {
    const code = await this.#within(this.#closed, ms);
    if (code === undefined) await this.#kill();
    if (code === "0") return undefined;
    return this.#told(code === undefined ? `It did not end within ${ms / 1_000} s.` : `It ended with ${code}.`);
  }

  /** When it has said that it is ready, or has ended well: why not, otherwise. */
  async ready(pattern: RegExp, ms: number): Promise<string | undefined> {
    const isReady = await this.until(() => pattern.test(this.#said), ms);
    if (isReady || (await this.#codeNow()) === "0") return undefined;
    if (this.hasEnded) return this.#told(`It ended with ${await this.#closed}.`);
    await this.#kill();
    return this.#told(`It did not say ${pattern} within ${ms / 1_000} s.`);
  }

  /** Whether this came to be, which is looked at whenever it says something, until it ends. */
  async until(isSo: () => boolean, ms: number): Promise<boolean> {
    const { promise, resolve } = withResolvers<boolean>();
    const look = () => {
      if (isSo()) resolve(true);
      else if (this.hasEnded) resolve(false);
    };
    this.#looks.add(look);
    look();
    const isThere = await this.#within(promise, ms);
    this.#looks.delete(look);
    return isThere === true;
  }

  /** Whether it says this from now on. */
  hears(pattern: RegExp, ms: number): Promise<boolean> {
    const before = this.#said.length;
    return this.until(() => pattern.test(this.#said.slice(before)), ms);
  }

  /** As Ctrl-C does: what is wrong with how it ended. */
  async interrupt(ms: number): Promise<string | undefined> {
    const hadEnded = this.hasEnded;
    this.signal("SIGINT");
    const code = await this.#within(this.#closed, ms);
    if (code === undefined) {
      await this.#kill();
      return this.#told(`It did not end within ${ms / 1_000} s of Ctrl-C.`);
    }
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

  async #kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#closed;
  }

  #codeNow(): Promise<string | undefined> {
    return this.hasEnded ? this.#closed : Promise.resolve(undefined);
  }

  #over(code: string): string {
    this.hasEnded = true;
    running.delete(this);
    for (const look of this.#looks) look();
    return code;
  }

  #hear(text: string): void {
    this.#said += text;
    for (const look of this.#looks) look();
  }

  async #within<Value>(promise: Promise<Value>, ms: number): Promise<Value | undefined> {
    const { promise: late, resolve } = withResolvers<undefined>();
    const timer = setTimeout(resolve, ms);
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #told(what: string): string {
    const said = this.#said.trimEnd().slice(-TOLD_LENGTH);
    return said === "" ? `${what} It said nothing.` : `${what} It said:\n${said}`;
  }
}

const running = new Set<Run>();
process.once("exit", () => {
  for (const run of running) run.signal("SIGKILL");
});

const TOLD_LENGTH = 4_000;

/** As `Promise.withResolvers`, which Node 20 has not. */
function withResolvers<Value>() {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((each) => {
    resolve = each;
  });
  return { promise, resolve };
}

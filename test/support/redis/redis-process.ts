import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { createInterface, type Interface } from "node:readline";

/** One life of a `redis-server`: from its start until it has exited. It does not outlive this process, however that ends. */
export class RedisProcess {
  /** How it ended, when it has. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  readonly #output: Interface;
  /** The last that it said. */
  #lines: string[] = [];

  constructor(args: readonly string[]) {
    const [program = "", ...rest] = [...leash, findProgram(), ...args];
    const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#output = createInterface({ input: child.stdout }).on("line", (line) => this.#keep(line));
    createInterface({ input: child.stderr }).on("line", (line) => this.#keep(line));
    this.exited = new Promise((resolve) => {
      child.once("error", (error) => resolve(error.message));
      // "close" comes after the last line, "exit" may come before.
      child.once("close", (code, signal) => resolve(`exit ${code ?? signal}`));
    });
  }

  /** None when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The first line that fits, said already or yet to come. Rejects when it ends without, or takes too long. */
  async line(pattern: RegExp): Promise<string> {
    return this.#lines.find((line) => pattern.test(line)) ?? this.nextLine(pattern);
  }

  /** The first line that fits of those yet to come. Rejects when it ends without, or takes too long. */
  async nextLine(pattern: RegExp): Promise<string> {
    let look: (line: string) => void = () => {};
    let timer: NodeJS.Timeout | undefined;
    const found = new Promise<string>((resolve) => {
      look = (line) => pattern.test(line) && resolve(line);
      this.#output.on("line", look);
    });
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve("did not end"), PATIENCE_MS);
    });
    const missed = Promise.race([this.exited, late]).then((how) => {
      const said = this.#lines.slice(-40).join("\n");
      throw new Error(`redis-server (${how}) had no line ${pattern}. It said:\n${said}`);
    });
    try {
      return await Promise.race([found, missed]);
    } finally {
      clearTimeout(timer);
      this.#output.off("line", look);
    }
  }

  /** As `kill -9`. Resolves when it has exited. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
  }

  /** Resolves when the kernel lets it run no more. */
  async pause(): Promise<void> {
    this.#child.kill("SIGSTOP");
    while ((await this.#state()) !== "T");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** `T` where it is stopped, see proc(5). */
  async #state(): Promise<string | undefined> {
    const status = await readFile(`/proc/${this.pid}/stat`, "utf8");
    // Its name stands in brackets and may hold any character.
    return status.slice(status.lastIndexOf(")") + 2)[0];
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > 2 * KEPT_LINES) this.#lines = this.#lines.slice(-KEPT_LINES);
  }
}

/** Has the kernel kill it with us, also when we are killed ourselves. */
const leash = existsSync("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "KILL"] : [];

function findProgram(): string {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin"];
  const found = folders.map((folder) => join(folder, "redis-server")).find((path) => existsSync(path));
  if (found === undefined) throw new Error("There is no redis-server on the PATH. `npm test` says how to get it.");
  return found;
}

const KEPT_LINES = 1_000;
/** Less than a test's. */
const PATIENCE_MS = 15_000;

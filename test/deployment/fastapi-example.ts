import { fileURLToPath } from "node:url";
import { freePort } from "../support/redis/free-port.js";
import { ForeignProgram } from "./foreign-program.js";
import { installedCommand } from "./settings.js";
import { runInstalled } from "./tidings-command.js";

const folder = fileURLToPath(new URL("../../examples/fastapi/", import.meta.url));
/** Debian's: it has Debian's FastAPI. */
const python = "/usr/bin/python3";

/** The example as its README starts it, on ports of its own. Disposing of it ends both programs. */
export class FastApiExample implements AsyncDisposable {
  /** Of the page. */
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  #tidings: ForeignProgram | undefined;
  #uvicorn: ForeignProgram | undefined;

  static async start(): Promise<FastApiExample> {
    const example = new FastApiExample(await freePort(), await freePort());
    await Promise.all([example.startTidings(), example.#startPage()]);
    return example;
  }

  private constructor(tidingsPort: number, pagePort: number) {
    this.url = `http://127.0.0.1:${pagePort}`;
    this.env = {
      TIDINGS_PORT: String(tidingsPort),
      TIDINGS_URL: `http://127.0.0.1:${tidingsPort}`,
      TIDINGS_ORIGINS: this.url,
      TIDINGS_JWT_SECRET: "what only the two programs know of each other",
      TIDINGS_HTTP_API_KEYS: "what-only-the-backend-shows",
      // Who waits for a test has no 5 s.
      TIDINGS_DRAIN_RECONNECT_WITHIN: "100ms",
      PYTHONDONTWRITEBYTECODE: "1",
    };
  }

  async startTidings(): Promise<void> {
    this.#tidings = runInstalled(["node", installedCommand(), "serve"], { cwd: folder, env: this.env });
    await this.#tidings.line(/^Tidings listens at /);
  }

  async stopTidings(): Promise<number | string | undefined> {
    return this.#tidings?.stop();
  }

  /** Runs a few lines of Python in the example's folder, and gives what they print. */
  async python(code: string): Promise<string> {
    await using program = new ForeignProgram(python, ["-c", code], { cwd: folder, env: this.env });
    const status = await program.exit();
    return status === 0 ? program.said.join("\n") : `${status}: ${program.said.join("\n")}`;
  }

  async #startPage(): Promise<void> {
    const port = new URL(this.url).port;
    const args = ["-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", port];
    this.#uvicorn = new ForeignProgram(python, args, { cwd: folder, env: this.env });
    await this.#uvicorn.line(/Uvicorn running/);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#uvicorn?.[Symbol.asyncDispose]();
    await this.#tidings?.[Symbol.asyncDispose]();
  }
}

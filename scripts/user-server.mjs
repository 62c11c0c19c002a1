import { spawn } from "node:child_process";
import { once } from "node:events";

/** `server.js` of a user's project, in a process of its own: it prints its address first, and ends with its input. */
export class UserServer {
  printed = "";
  logged = "";
  /** Resolves with its first line. */
  url;
  #child;
  #ended;

  /** @param runtime the program that runs it, with its flags */
  constructor(folder, [program, ...flags] = [process.execPath]) {
    this.#child = spawn(program, [...flags, "server.js"], { cwd: folder });
    this.#ended = once(this.#child, "close");
    const ended = this.#ended.then(() => Promise.reject(new Error("The server ended before it had an address.")));
    const first = once(this.#child.stdout.setEncoding("utf8"), "data");
    this.url = Promise.race([first.then(([text]) => text.split("\n", 1)[0]), ended]);
    this.#child.stdout.on("data", (text) => {
      this.printed += text;
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text) => {
      this.logged += text;
    });
  }

  /** Gives its exit code. */
  async end() {
    this.#child.stdin.end();
    const [code] = await this.#ended;
    return code;
  }

  /** Whatever became of it. */
  kill() {
    this.#child.kill();
  }
}

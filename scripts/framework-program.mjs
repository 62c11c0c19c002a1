import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** How long a program has for what it is told, which is done in less than a second but for Next's first page. */
export const PATIENCE_MS = 30_000;

/** A program of test/frameworks/ in a process of its own, which can be told what to do to its server. */
export class FrameworkProgram {
  said = "";
  url;
  #child;
  #lines;
  #ended;

  constructor(folder, file, env, url) {
    this.url = url;
    this.#child = spawn(process.execPath, ["observed.mjs", `./${file}`], { cwd: folder, env });
    this.#ended = once(this.#child, "close");
    this.#lines = createInterface({ input: this.#child.stdout });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        this.said += text;
      });
    }
  }

  /** It is asked until it answers: it tells nobody that it listens. */
  async ready() {
    const ended = this.#ended.then(([code]) => Promise.reject(new Error(`It ended with ${code}.\n${this.said}`)));
    ended.catch(() => {}); // it ends in the end
    const until = performance.now() + PATIENCE_MS;
    while (performance.now() < until) {
      const answer = await Promise.race([fetch(`${this.url}/healthz`).catch(() => undefined), ended]);
      if (answer?.ok) return;
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 50)), ended]);
    }
    throw new Error(`It does not listen.\n${this.said}`);
  }

  async tell(order) {
    const done = new Promise((resolve) => {
      const look = (line) => {
        if (line !== `done ${order}`) return;
        this.#lines.off("line", look);
        resolve();
      };
      this.#lines.on("line", look);
    });
    this.#child.stdin.write(`${order}\n`);
    await inTime(done, `It did not ${order}.`);
  }

  /** As whatever runs it does. Gives its exit code. */
  async end() {
    this.#child.stdin.end();
    this.#child.kill("SIGTERM");
    const [code, signal] = await inTime(this.#ended, "It did not end.");
    return code ?? signal;
  }

  kill() {
    this.#child.kill("SIGKILL");
  }
}

/** Rejects with an error that says `otherwise` where it takes too long. */
export async function inTime(promise, otherwise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

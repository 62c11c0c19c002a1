/** One line that is rewritten where somebody looks on; plain lines elsewhere. On stderr, so that stdout is the result. */
export class Progress {
  #isTerminal = process.stderr.isTTY === true;
  #beganMs = Date.now();
  #shown = "";

  /** @param {number} share of what is being done now, from 0 to 1 */
  show(what, share) {
    const seconds = Math.round((Date.now() - this.#beganMs) / 1000);
    if (!this.#isTerminal) {
      process.stderr.write(`${what} (${seconds} s)\n`);
      return;
    }
    const filled = Math.round(share * WIDTH);
    this.#rewrite(`[${"#".repeat(filled)}${".".repeat(WIDTH - filled)}] ${what}  ${seconds} s`);
  }

  /** A line that stays. */
  say(line) {
    this.#rewrite("");
    process.stderr.write(`${line}\n`);
  }

  done() {
    this.#rewrite("");
  }

  #rewrite(line) {
    if (!this.#isTerminal || (line === "" && this.#shown === "")) return;
    process.stderr.write(`\r\x1b[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    this.#shown = line;
  }
}

const WIDTH = 20;

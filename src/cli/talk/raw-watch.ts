import type { Terminal } from "../terminal.js";
import { visibleText } from "../visible-text.js";
import { frameLine } from "./heard-line.js";
import type { Frame, RawLine } from "./raw-line.js";

export interface RawWatchOptions {
  /** Ends after so many frames. */
  readonly count: number | undefined;
  /** Lines for people, whoever reads them. */
  readonly isText: boolean;
}

/** Prints the frames that come on a line. */
export class RawWatch {
  readonly #terminal: Terminal;
  readonly #line: RawLine;
  readonly #isText: boolean;
  readonly #all: Promise<"all">;
  #left: number;
  #resolve: (all: "all") => void = () => {};

  constructor(terminal: Terminal, line: RawLine, { count, isText }: RawWatchOptions) {
    this.#terminal = terminal;
    this.#line = line;
    this.#isText = isText;
    this.#left = count ?? Number.POSITIVE_INFINITY;
    this.#all = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    line.hear((frame) => this.#print(frame));
  }

  /** Resolves when all that was asked for was heard, or the server has closed well. Rejects with a `Trouble`. */
  async run(): Promise<void> {
    await this.#line.opened();
    this.#terminal.note("Connected.");
    const ended = await Promise.race([this.#all, this.#line.closed]);
    if (ended === "all") return;
    if (ended.code !== 1000 && ended.code !== 1005) throw this.#line.troubleOf(ended);
    this.#terminal.note(`The server has closed${ended.reason === "" ? "" : `: ${visibleText(ended.reason)}`}.`);
  }

  #print(frame: Frame): void {
    if (this.#left === 0) return;
    const at = new Date();
    const json = { at: at.toISOString(), ...frame };
    const isForPeople = this.#terminal.isReadByPeople || this.#isText;
    const text = isForPeople ? frameLine(this.#terminal, at, frame) : visibleText(JSON.stringify(json));
    if (!this.#terminal.result(json, text)) {
      this.#line.dialler.pause();
      void this.#terminal.drained().then(() => this.#line.dialler.resume());
    }
    this.#left -= 1;
    if (this.#left === 0) this.#resolve("all");
  }
}

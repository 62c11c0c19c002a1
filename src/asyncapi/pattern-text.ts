/**
 * A text that a regular expression takes, where that is written with the usual few things: characters, classes, groups,
 * alternatives, repetitions. Of each the first or the least. It may be wrong: try it.
 */
export function textFor(pattern: string): string | undefined {
  try {
    const reader = new PatternReader(pattern);
    const text = reader.alternatives();
    return reader.isAtEnd ? text : undefined;
  } catch {
    return undefined;
  }
}

/** What it can't read it throws. */
class PatternReader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#source.length;
  }

  /** The first of them; the others are read over. */
  alternatives(): string {
    const first = this.#sequence();
    while (this.#take("|")) this.#sequence();
    return first;
  }

  #sequence(): string {
    let text = "";
    while (!this.isAtEnd && !this.#isNext("|") && !this.#isNext(")")) {
      const atom = this.#atom();
      text += atom.repeat(this.#repeats());
      if (text.length > MAX_LENGTH) throw new RangeError("too long");
    }
    return text;
  }

  #atom(): string {
    if (this.#take("^") || this.#take("$")) return "";
    if (this.#take(".")) return "a";
    if (this.#take("[")) return this.#characterClass();
    if (this.#take("(")) return this.#group();
    if (this.#take("\\")) return this.#escape();
    return this.#next();
  }

  #group(): string {
    // What must not come, or must come too, is left to whoever tries the text.
    const isLookaround = ["?=", "?!", "?<=", "?<!"].some((start) => this.#take(start));
    if (!isLookaround && this.#take("?") && !this.#take(":")) {
      this.#expect("<");
      while (!this.#take(">")) this.#next();
    }
    const text = this.alternatives();
    this.#expect(")");
    return isLookaround ? "" : text;
  }

  /** One character of it: a letter or a digit, where it has any. */
  #characterClass(): string {
    const isNegated = this.#take("^");
    const ranges: (readonly [string, string])[] = [];
    while (!this.#take("]")) {
      const from = this.#take("\\") ? this.#escape() : this.#next();
      const isRange = this.#isNext("-") && this.#source[this.#at + 1] !== "]" && this.#take("-");
      const to = isRange ? (this.#take("\\") ? this.#escape() : this.#next()) : from;
      ranges.push([from, to]);
    }
    const has = (character: string) => ranges.some(([from, to]) => character >= from && character <= to);
    const candidates = isNegated ? LETTERS : [...LETTERS, ranges[0]?.[0] ?? ""];
    const found = [...candidates].find((character) => has(character) !== isNegated);
    if (found === undefined) throw new RangeError("nothing is of this class");
    return found;
  }

  #escape(): string {
    const letter = this.#next();
    switch (letter) {
      case "d":
        return "1";
      case "w":
      case "D":
      case "S":
        return "a";
      case "s":
      case "W":
        return " ";
      case "b":
      case "B":
        return "";
      case "n":
        return "\n";
      case "t":
        return "\t";
      default:
        if (/[A-Za-z0-9]/.test(letter)) throw new RangeError("not known");
        return letter;
    }
  }

  /** The least of them, but once where it may be left out. */
  #repeats(): number {
    let least = 1;
    const [counted, from] = /^\{(\d+)(?:,\d*)?\}/.exec(this.#source.slice(this.#at)) ?? [];
    if (counted !== undefined) {
      this.#at += counted.length;
      least = Number(from);
      if (least > MAX_LENGTH) throw new RangeError("too long");
    } else if (this.#take("?")) {
      least = 0;
    } else if (!this.#take("*")) {
      this.#take("+");
    }
    this.#take("?"); // as few as may be: the same here
    return least;
  }

  #isNext(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#isNext(text)) return false;
    this.#at += text.length;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new RangeError(`"${text}" is missing`);
  }

  #next(): string {
    const character = this.#source[this.#at];
    if (character === undefined) throw new RangeError("it ends too early");
    this.#at += 1;
    return character;
  }
}

const MAX_LENGTH = 256;
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890";

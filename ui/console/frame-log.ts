/** A frame as it was on the wire, or a note about the connection. */
export interface Frame {
  /** Counts all that were logged, from 1. */
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly direction: "in" | "out" | "note";
  /** A message's type; of a frame that is no message `text` or `binary`. */
  readonly type: string;
  readonly channel: string | undefined;
  readonly id: string | number | undefined;
  readonly bytes: number;
  /** For a line: the payload of a message, else the text, cut. */
  readonly preview: string;
  /** What was in it: text, or hex digits. Cut where it is long. */
  readonly text: string;
  readonly isCut: boolean;
}

export type NewFrame = Omit<Frame, "sequence" | "isCut">;

export interface FrameLogLimits {
  readonly frames: number;
  /** In all of the texts that are kept. */
  readonly characters: number;
  /** Of one frame. */
  readonly charactersOfOne: number;
}

/** The last frames of a connection. When it is full the oldest make room. */
export class FrameLog {
  readonly #limits: FrameLogLimits;
  /** A ring: the oldest is at `#first`. */
  readonly #ring: (Frame | undefined)[];
  #first = 0;
  #size = 0;
  #characters = 0;
  #sequence = 0;

  constructor(limits: Partial<FrameLogLimits> = {}) {
    this.#limits = { frames: 1_000, characters: 8_388_608, charactersOfOne: 262_144, ...limits };
    this.#ring = new Array(this.#limits.frames);
  }

  get size(): number {
    return this.#size;
  }

  /** How many there were, those that made room included. */
  get total(): number {
    return this.#sequence;
  }

  push(frame: NewFrame): void {
    const isCut = frame.text.length > this.#limits.charactersOfOne;
    const text = isCut ? frame.text.slice(0, this.#limits.charactersOfOne) : frame.text;
    if (this.#size === this.#limits.frames) this.#dropOldest();
    while (this.#size > 0 && this.#characters + text.length > this.#limits.characters) this.#dropOldest();
    this.#sequence += 1;
    this.#ring[this.#place(this.#size)] = { ...frame, sequence: this.#sequence, text, isCut };
    this.#size += 1;
    this.#characters += text.length;
  }

  /** Those that the test takes, the oldest first. */
  filter(test: (frame: Frame) => boolean): Frame[] {
    const found: Frame[] = [];
    for (let index = 0; index < this.#size; index += 1) {
      const frame = this.#ring[this.#place(index)];
      if (frame !== undefined && test(frame)) found.push(frame);
    }
    return found;
  }

  clear(): void {
    this.#ring.fill(undefined);
    this.#first = 0;
    this.#size = 0;
    this.#characters = 0;
  }

  #dropOldest(): void {
    this.#characters -= this.#ring[this.#first]?.text.length ?? 0;
    this.#ring[this.#first] = undefined;
    this.#first = this.#place(1);
    this.#size -= 1;
  }

  #place(index: number): number {
    return (this.#first + index) % this.#limits.frames;
  }
}

/** Does it have each of the words, wherever? */
export function matchesWords(frame: Frame, words: string): boolean {
  const shown = `${frame.direction} ${frame.type} ${frame.channel ?? ""} ${frame.text}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => shown.includes(word));
}

/** What a person reads: JSON with a line for each field; else as it was. */
export function prettyText(frame: Frame): string {
  if (frame.isCut || frame.direction === "note" || frame.type === "binary") return frame.text;
  try {
    return JSON.stringify(JSON.parse(frame.text), null, 2);
  } catch {
    return frame.text; // a raw endpoint's text need not be JSON
  }
}

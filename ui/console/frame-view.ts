import { type Signal, signal } from "@preact/signals";
import { type Frame, type FrameLog, matchesWords } from "./frame-log.js";

interface Held {
  readonly frames: readonly Frame[];
  /** How many there had been. */
  readonly total: number;
  /** Or did it stop because somebody looked back? */
  readonly isAsked: boolean;
}

/** How somebody looks at a log: it follows the newest until it is held, by a word or by looking back. */
export class FrameView {
  readonly words: Signal<string> = signal("");
  readonly hidesHeartbeat: Signal<boolean> = signal(true);
  readonly held: Signal<Held | undefined> = signal(undefined);
  readonly selected: Signal<Frame | undefined> = signal(undefined);
  readonly #log: FrameLog;
  #matches: { readonly words: string; readonly hides: boolean; readonly test: (frame: Frame) => boolean } | undefined;

  constructor(log: FrameLog) {
    this.#log = log;
  }

  get shown(): readonly Frame[] {
    const test = this.#matcher();
    return this.held.value?.frames.filter(test) ?? this.#log.filter(test);
  }

  /** How many came since it is held. */
  get missed(): number {
    return this.held.value === undefined ? 0 : this.#log.total - this.held.value.total;
  }

  hold(isAsked: boolean): void {
    this.held.value = { frames: this.#log.filter(() => true), total: this.#log.total, isAsked };
  }

  follow(): void {
    this.held.value = undefined;
  }

  /** Somebody scrolled: to the newest, or back. */
  scrolled(isAtEnd: boolean): void {
    const held = this.held.peek();
    if (held === undefined && !isAtEnd) this.hold(false);
    else if (held?.isAsked === false && isAtEnd && this.selected.peek() === undefined) this.follow();
  }

  select(index: number): void {
    const shown = this.shown;
    const frame = shown[Math.max(0, Math.min(shown.length - 1, index))];
    if (frame === undefined) return;
    if (this.held.value === undefined) this.hold(false);
    this.selected.value = frame;
  }

  /** Where the selected one is among those that are shown; -1 where it is not. */
  get selectedIndex(): number {
    const sequence = this.selected.value?.sequence;
    return this.shown.findIndex((frame) => frame.sequence === sequence);
  }

  leave(): void {
    this.selected.value = undefined;
    if (this.held.peek()?.isAsked === false) this.follow();
  }

  /** What a key does to the list; false where it does nothing. */
  press(key: string, rowsOfPage: number): boolean {
    const at = this.selectedIndex;
    const last = this.shown.length - 1;
    switch (key) {
      case "ArrowDown":
        this.select(at + 1);
        return true;
      case "ArrowUp":
        this.select(at < 0 ? last : at - 1);
        return true;
      case "PageDown":
        this.select(at + rowsOfPage);
        return true;
      case "PageUp":
        this.select((at < 0 ? last : at) - rowsOfPage);
        return true;
      case "Home":
        this.select(0);
        return true;
      case "End":
        this.select(last);
        return true;
      case "Escape":
        this.leave();
        return true;
      case "p":
        if (this.held.value === undefined) this.hold(true);
        else this.follow();
        return true;
    }
    return false;
  }

  /** Asks each frame once, however often the list is shown. */
  #matcher(): (frame: Frame) => boolean {
    const words = this.words.value.trim();
    const hides = this.hidesHeartbeat.value;
    if (this.#matches?.words !== words || this.#matches.hides !== hides) {
      this.#matches = {
        words,
        hides,
        test: rememberedTest((frame) => !(hides && isBeat(frame)) && matches(frame, words)),
      };
    }
    return this.#matches.test;
  }
}

function matches(frame: Frame, words: string): boolean {
  return words === "" || matchesWords(frame, words);
}

function isBeat({ type, text }: Frame): boolean {
  return type === "ping" || type === "pong" || text === "ping" || text === "pong";
}

function rememberedTest(test: (frame: Frame) => boolean): (frame: Frame) => boolean {
  const known = new WeakMap<Frame, boolean>();
  return (frame) => {
    const found = known.get(frame) ?? test(frame);
    known.set(frame, found);
    return found;
  };
}

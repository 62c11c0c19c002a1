import { ErrorReply } from "redis";
import { TidingsError } from "../protocol/tidings-error.js";
import { type Address, isReply, Line } from "./line.js";
import { SLOTS, slotOf } from "./names.js";
import type { Script } from "./scripts/script.js";
import { after } from "./timer.js";
import type { Home, Whereabouts } from "./whereabouts.js";

export interface ServersOptions {
  readonly whereabouts: Whereabouts;
  readonly patienceMs: number;
  /** Something was published on a topic that a line listens to. Must not throw. */
  readonly hear: (topic: string, message: string) => void;
  /** Lines have come or gone, or what they are there for has changed. Must not throw. */
  readonly changed: () => void;
}

/**
 * The masters, one line to each, and which of them has a key.
 *
 * Where a line is missing, it is found out where its master is now, and dialled again and again until every slot has its
 * line. What is asked meanwhile is refused with `unavailable`.
 */
export class Servers {
  readonly #options: ServersOptions;
  /** By address; the one of a server that stands where the options say has none. */
  readonly #lines = new Map<string, Line>();
  readonly #dialling = new Map<string, Promise<Line>>();
  /** By slot; of one server that has all of them it is the only entry. */
  #bySlot: readonly (Line | undefined)[] = [];
  /** By slot: what was sent to another server and has not been answered. */
  readonly #redirecting = new Map<number, Promise<void>>();
  readonly #stop = new AbortController();
  #isClosed = false;
  #round: Promise<void> | undefined;
  #settling: Promise<void> | undefined;
  #isStale = false;
  #isLoud = false;
  #reason: unknown;
  #endPause: (() => void) | undefined;

  constructor(options: ServersOptions) {
    this.#options = options;
  }

  /** Resolves when every slot has its line. Rejects where it has none within the patience. */
  async open(): Promise<void> {
    const giveUpAtMs = performance.now() + this.#options.patienceMs;
    // What is being dialled has its own patience, and is not broken off by this one.
    for (let failures = 0; !(await this.#isSettled()); failures += 1) {
      const pauseMs = pauseAfter(failures);
      const isLate = performance.now() + pauseMs >= giveUpAtMs;
      if (isLate || this.#isClosed || isHopeless(this.#reason)) throw unavailable(this.missing?.reason);
      await this.#pause(pauseMs);
    }
  }

  /** Why something is missing; undefined while every slot has its line. */
  get missing(): { readonly reason: unknown } | undefined {
    const { isSharded } = this.#options.whereabouts;
    const isWhole = isSharded ? this.#bySlot.length === SLOTS && !this.#bySlot.includes(undefined) : this.#bySlot[0];
    return isWhole ? undefined : { reason: this.#reason ?? new Error("Not every slot of the cluster has a master.") };
  }

  get isSharded(): boolean {
    return this.#options.whereabouts.isSharded;
  }

  get lines(): Iterable<Line> {
    return this.#lines.values();
  }

  /** Undefined: it is away. */
  lineOf(key: string): Line | undefined {
    return this.#bySlot[this.#slotOf(key)];
  }

  /** Runs it where its keys are. Rejects with `unavailable`; then it may have been done, unless `wasNotDone` says otherwise. */
  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return (await this.runAt(script, keys, args)).answer;
  }

  /** The same, and over which line it was. */
  async runAt(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<Answered> {
    const slot = this.#slotOf(keys[0] ?? "");
    // Behind those that are being sent on, so that the order stays.
    for (let ahead = this.#redirecting.get(slot); ahead !== undefined; ahead = this.#redirecting.get(slot)) await ahead;
    const line = this.#bySlot[slot];
    if (line === undefined) throw unavailable(this.#reason, "not-done");
    try {
      return { answer: await line.run(script, keys, args), line };
    } catch (error) {
      if (!isRedirection(error)) {
        // It may be it alone that sees no cluster.
        if (isReply(error, "CLUSTERDOWN")) void this.settle();
        throw unavailable(error, doneBy(error));
      }
      return this.#inTurn(slot, () => this.#redirect(line, error, script, keys, args));
    }
  }

  /** Are they still where they were? */
  async lookAgain(): Promise<void> {
    const before = this.#bySlot;
    await this.#refresh("quietly");
    if (this.#isClosed || this.#bySlot.every((line, slot) => line === before[slot])) return;
    this.#options.changed();
    if (this.missing !== undefined) void this.settle();
  }

  /** Looks where the masters are, and dials those that have no line, until every slot has its line. Never rejects. */
  settle(): Promise<void> {
    this.#isStale = true;
    this.#settling ??= this.#settle().finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }

  close(): void {
    this.#isClosed = true;
    this.#stop.abort(new Error("The broker was closed."));
    this.#endPause?.();
    for (const line of this.#lines.values()) line.end(new Error("The broker was closed."));
    this.#lines.clear();
    this.#bySlot = [];
  }

  /** What a server of a cluster did not do, because another has the slot, or is about to, is done there. */
  async #redirect(
    from: Line,
    reason: unknown,
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<Answered> {
    let [line, error]: [Line | undefined, unknown] = [from, reason];
    try {
      for (let count = 0; count < MAX_REDIRECTIONS && isRedirection(error); count += 1) {
        const isAsking = isReply(error, "ASK");
        if (isAsking) line = await this.#lineTo(this.#options.whereabouts.reach(addressIn(error, line)));
        else {
          await this.#refresh();
          line = this.lineOf(keys[0] ?? "");
        }
        if (line === undefined) break;
        try {
          const answer = await (isAsking ? line.runAsking(script, keys, args) : line.run(script, keys, args));
          return { answer, line };
        } catch (refused) {
          error = refused;
        }
      }
    } catch (unreachable) {
      throw unavailable(unreachable, "not-done");
    }
    throw unavailable(error, doneBy(error));
  }

  /** Behind what is being sent on already; and what is asked of this slot meanwhile waits. */
  #inTurn(slot: number, redirect: () => Promise<Answered>): Promise<Answered> {
    const doing = this.#redirecting.get(slot)?.then(redirect) ?? redirect();
    const over = () => {
      if (this.#redirecting.get(slot) === settled) this.#redirecting.delete(slot);
    };
    const settled: Promise<void> = doing.then(over, over);
    this.#redirecting.set(slot, settled);
    return doing;
  }

  #slotOf(key: string): number {
    return this.isSharded ? slotOf(key) : 0;
  }

  async #settle(): Promise<void> {
    for (let failures = 0; !this.#isClosed; failures += 1) {
      if (await this.#isSettled()) return;
      if (this.missing === undefined) failures = 0;
      await this.#pause(pauseAfter(failures));
    }
  }

  /** Looks once. Has every slot its line, and has nobody said since that it may be another? */
  async #isSettled(): Promise<boolean> {
    this.#isStale = false;
    await this.#refresh();
    return this.missing === undefined && !this.#isStale;
  }

  /** One look. Never rejects. Whoever looks quietly tells itself what has changed. */
  #refresh(how?: "quietly"): Promise<void> {
    if (how === undefined) this.#isLoud = true;
    this.#round ??= this.#look()
      .catch((error: unknown) => {
        this.#reason = error;
      })
      .finally(() => {
        this.#round = undefined;
        if (this.#isLoud && !this.#isClosed) this.#options.changed();
        this.#isLoud = false;
      });
    return this.#round;
  }

  async #look(): Promise<void> {
    const homes = await this.#options.whereabouts.locate(this.#lines.values());
    const lines = await Promise.all(
      homes.map(({ address }) =>
        this.#lineTo(address).catch((error: unknown) => {
          this.#reason = error;
          return undefined;
        }),
      ),
    );
    if (this.#isClosed) return;
    this.#bySlot = this.isSharded ? bySlot(homes, lines) : [lines[0]];
    for (const [name, line] of this.#lines) {
      if (lines.includes(line)) continue;
      this.#lines.delete(name);
      line.end(new Error("It has no slots any more."));
    }
  }

  #lineTo(address: Address | undefined): Promise<Line> {
    const name = nameOf(address);
    const known = this.#lines.get(name);
    if (known !== undefined && !known.hasEnded) return Promise.resolve(known);
    const dialling = this.#dialling.get(name) ?? this.#dial(address).finally(() => this.#dialling.delete(name));
    this.#dialling.set(name, dialling);
    return dialling;
  }

  async #dial(address: Address | undefined): Promise<Line> {
    const { whereabouts, patienceMs, hear } = this.#options;
    const line = await Line.dial({
      client: whereabouts.client,
      address,
      isSharded: whereabouts.isSharded,
      patienceMs,
      stop: this.#stop.signal,
      hear,
      deafen: () => void this.settle(),
      end: (ended, reason) => this.#lost(ended, reason),
    });
    if (this.#isClosed) {
      line.end(new Error("The broker was closed."));
      throw new Error("The broker was closed.");
    }
    this.#lines.set(nameOf(address), line);
    return line;
  }

  #lost(line: Line, reason: unknown): void {
    const name = nameOf(line.address);
    if (this.#isClosed || this.#lines.get(name) !== line) return;
    this.#lines.delete(name);
    this.#reason = reason;
    this.#bySlot = this.#bySlot.map((each) => (each === line ? undefined : each));
    this.#options.changed();
    void this.settle();
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = after(ms, resolve);
      this.#endPause = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#endPause = undefined;
  }
}

/** What Redis answered, and over which line. */
export interface Answered {
  readonly answer: unknown;
  readonly line: Line;
}

/** Is away, and was not asked, or has refused: it was not done. */
export function wasNotDone(error: unknown): boolean {
  return error instanceof TidingsError && notDone.has(error);
}

/** Is it that the broker is away, or in a state that passes, and not that Redis refuses this? */
export function isAway(error: unknown): boolean {
  if (!(error instanceof TidingsError) || error.code !== "unavailable") return false;
  return !(error.cause instanceof ErrorReply) || passingWords.some((word) => isReply(error.cause, word));
}

const notDone = new WeakSet<TidingsError>();

/** A slot moves, a master is missing or another, its data are being read. */
const passingWords = ["TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "READONLY", "MOVED", "ASK"];

/** With these a script has done nothing: what it writes first is refused. */
const refusedWords = [...passingWords, "MISCONF", "NOREPLICAS", "OOM"];

function doneBy(error: unknown): "not-done" | undefined {
  return refusedWords.some((word) => isReply(error, word)) ? "not-done" : undefined;
}

function isRedirection(error: unknown): boolean {
  return isReply(error, "MOVED") || isReply(error, "ASK");
}

/** Whoever asks again as the same user is told the same. */
function isHopeless(reason: unknown): boolean {
  return ["WRONGPASS", "NOAUTH", "NOPERM"].some((word) => isReply(reason, word));
}

/** A slot may move again while it is being looked for. */
const MAX_REDIRECTIONS = 5;

/** With chance in it, so that not all processes come at the same time. */
function pauseAfter(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
const RETRY_AFTER_MS = 1_000;

export function unavailable(cause: unknown, done?: "not-done" | undefined): TidingsError {
  const error = new TidingsError("unavailable", undefined, { retryAfterMs: RETRY_AFTER_MS, cause });
  if (done !== undefined) notDone.add(error);
  return error;
}

function bySlot(homes: readonly Home[], lines: readonly (Line | undefined)[]): (Line | undefined)[] {
  const found = new Array<Line | undefined>(SLOTS).fill(undefined);
  for (const [index, { slots }] of homes.entries()) {
    for (const [from, to] of slots) found.fill(lines[index], from, to + 1);
  }
  return found;
}

function nameOf(address: Address | undefined): string {
  return address === undefined ? "" : `${address.host}:${address.port}`;
}

/** `ASK 3999 127.0.0.1:6381`; without a host it is that of who says so. */
function addressIn(error: unknown, by: Line | undefined): Address {
  const name = (error as Error).message.split(" ")[2] ?? ""; // `isReply` has looked
  const colon = name.lastIndexOf(":");
  return { host: name.slice(0, colon) || (by?.address?.host ?? ""), port: Number(name.slice(colon + 1)) };
}

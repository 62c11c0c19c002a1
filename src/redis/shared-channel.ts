import type { PresentMember } from "../broker/broker.js";
import type { Feed } from "./feed.js";
import type { Place } from "./names.js";
import { writeMember } from "./said.js";

/** A channel that this process hears, or that somebody is present on here. */
export class SharedChannel {
  readonly channel: string;
  readonly place: Place;
  /** What this process hears of it; undefined: it does not listen. */
  feed: Feed | undefined;
  /** Who waits to be told that it hears. */
  opening: Opening | undefined;
  /** When it was last compared with Redis, by a clock that nobody sets. */
  comparedAtMs = 0;
  /** Does Redis refuse to compare it? That is told once. */
  isRefused = false;
  /** Members here, with their faces as they are written. */
  readonly roster: Map<string, string> = new Map();
  /** Which life of the channel knows them. */
  rosterEpoch: string | undefined;
  /** Was something said of them of which it is not known whether it was done? */
  isRosterUnsure = false;
  /** Changes of them that have not been answered. */
  changes = 0;
  /** Was it deaf for a time? */
  isHeardAnew = false;

  constructor(channel: string, place: Place) {
    this.channel = channel;
    this.place = place;
  }

  /** Does Redis have anything of it on behalf of this process, or may it? */
  get isPresent(): boolean {
    return this.roster.size > 0 || this.isRosterUnsure || this.changes > 0;
  }

  get isOver(): boolean {
    return this.feed === undefined && !this.isPresent;
  }

  put(member: PresentMember): void {
    this.roster.set(member.id, writeMember(member));
  }
}

export interface Opening {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** Node 20 has no `Promise.withResolvers`. */
export function openingOf(): Opening {
  let [resolve, reject]: [() => void, (error: unknown) => void] = [() => {}, () => {}];
  const promise = new Promise<void>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}

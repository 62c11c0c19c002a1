import type { Position, Publication } from "../broker/broker.js";
import { PUBLISH_KEY_TTL_MS } from "../protocol/names.js";
import type { Line } from "./line.js";
import { writeEvent } from "./said.js";
import { publishAbout, publishKept, publishLive } from "./scripts/stream.js";
import { type Answered, isAway, type Servers, unavailable, wasNotDone } from "./servers.js";
import type { Settings } from "./settings.js";

export interface PublisherOptions {
  readonly servers: Servers;
  readonly settings: Settings;
  /** How many publishes wait while the broker is away; undefined: they are rejected. */
  readonly queueSize: number | undefined;
  /** How many replicas must have an event before it is taken. */
  readonly replicas: number;
  /** How long that may take. */
  readonly replicationMs: number;
}

/**
 * Says events, each in one atomic step at the master that has its channel.
 *
 * What could not be said waits, where it may and it is certain that it was not: it has not been sent, or has a key that tells
 * a repeat.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #waiting: Waiting[] = [];
  #isSaying = false;
  #isClosed = false;
  /** Publishes so far. */
  #asked = 0;
  readonly #confirmations = new Map<Line, Confirmations>();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Rejects with `unavailable`; then it may have been stored or not. */
  async publish(event: Publication, mayWait: boolean = true): Promise<Position> {
    const { position, line } = await (mayWait ? this.#take(event) : this.#say(event));
    if (this.#options.replicas > 0) await this.#confirm(line);
    return position;
  }

  /** Says what waits, in its order, as far as it can be said now. */
  async sayWaiting(): Promise<void> {
    if (this.#isSaying) return;
    this.#isSaying = true;
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        if (this.#options.servers.missing !== undefined) return;
        try {
          next.resolve(await this.#say(next.event));
        } catch (error) {
          if (mayBeRepeated(next.event, error)) return;
          next.reject(error);
        }
        this.#waiting.splice(this.#waiting.indexOf(next), 1);
      }
    } finally {
      this.#isSaying = false;
    }
  }

  /** What waits is rejected. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(closed());
  }

  async #take(event: Publication): Promise<Taken> {
    const { queueSize } = this.#options;
    if (queueSize === undefined) return this.#say(event);
    this.#asked += 1;
    const order = this.#asked;
    // Behind those that wait, so that the order stays.
    if (this.#waiting.length > 0) return this.#queue(event, order, new Error(`${queueSize} publishes wait already.`));
    try {
      return await this.#say(event);
    } catch (error) {
      if (!mayBeRepeated(event, error)) throw error;
      return this.#queue(event, order, error);
    }
  }

  #queue(event: Publication, order: number, reason: unknown): Promise<Taken> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#waiting.length >= (this.#options.queueSize ?? 0)) return Promise.reject(unavailable(reason));
    return new Promise((resolve, reject) => {
      // One that was on its way is found not to have been done later than one that was never sent.
      const behind = this.#waiting.findLastIndex((each) => each.order < order);
      this.#waiting.splice(behind + 1, 0, { event, order, resolve, reject });
    });
  }

  async #say(event: Publication): Promise<Taken> {
    const { servers, settings } = this.#options;
    const { key, topic } = settings.names.channel(event.channel);
    const { keep } = event;
    const publish = servers.isSharded ? "SPUBLISH" : "PUBLISH";
    const keys = event.key === undefined ? [] : [`${key}:key:${event.key}`];
    const ttlMs = keep === undefined ? settings.liveTtlMs : settings.positionTtlMs;
    const args = [settings.freshEpoch(), topic, publish, writeEvent(event), ttlMs, PUBLISH_KEY_TTL_MS];
    const { answer, line } = await this.#run(event, key, keys, args);
    const [epoch, offset] = answer as [string, number]; // as the scripts give them
    return { position: { epoch, offset }, line };
  }

  #run(
    { keep }: Publication,
    key: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<Answered> {
    const { servers } = this.#options;
    if (keep === undefined) return servers.runAt(publishLive, [key, ...keys], args);
    const { size, ttlMs, subject } = keep;
    const kept = [...args, size, ttlMs];
    if (subject === undefined) return servers.runAt(publishKept, [key, `${key}:events`, ...keys], kept);
    const of = [key, `${key}:events`, `${key}:subjects`, `${key}:ends`, ...keys];
    return servers.runAt(publishAbout, of, [...kept, subject.name, subject.part ?? ""]);
  }

  /** Resolves when enough replicas have what this line did until now: of those who ask meanwhile one asks for all. */
  async #confirm(line: Line): Promise<void> {
    const { replicas, replicationMs } = this.#options;
    const known = this.#confirmations.get(line) ?? { asked: undefined, next: undefined };
    this.#confirmations.set(line, known);
    known.next ??= (known.asked ?? Promise.resolve(0)).then(ask, ask);
    function ask(): Promise<number> {
      known.next = undefined;
      known.asked = line.replicated(replicas, replicationMs);
      return known.asked;
    }
    try {
      const count = await known.next;
      if (count < replicas) throw new Error(`${count} of ${replicas} replicas have it.`);
    } catch (error) {
      throw unavailable(error);
    } finally {
      if (line.hasEnded) this.#confirmations.delete(line);
    }
  }
}

/** An event that was taken, and over which line. */
interface Taken {
  readonly position: Position;
  readonly line: Line;
}

interface Waiting {
  readonly event: Publication;
  /** Which of all publishes it is. */
  readonly order: number;
  readonly resolve: (taken: Taken) => void;
  readonly reject: (error: unknown) => void;
}

interface Confirmations {
  asked: Promise<number> | undefined;
  next: Promise<number> | undefined;
}

function closed(): Error {
  return unavailable(new Error("The broker was closed."));
}

function mayBeRepeated(event: Publication, error: unknown): boolean {
  return wasNotDone(error) || (event.key !== undefined && isAway(error));
}

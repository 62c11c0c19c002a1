import type { HistoryRange, Position } from "../broker/broker.js";
import type { FeedPage } from "./feed.js";
import type { Gate } from "./gate.js";
import type { Refusals } from "./refusals.js";
import { readEvent } from "./said.js";
import { readEvents } from "./scripts/stream.js";
import type { Servers } from "./servers.js";
import type { Settings } from "./settings.js";

export interface HistoriesOptions {
  readonly servers: Servers;
  readonly settings: Settings;
  /** What answers much goes through here: Redis cuts off who does not take as fast as it asks. */
  readonly gate: Gate;
  readonly refusals: Refusals;
  /** Where this process stands in a channel that it hears. */
  readonly positionOf: (channel: string) => Position | undefined;
}

/** A page, and where this process stood when it was asked for. */
export interface AskedPage {
  readonly page: CutPage;
  readonly asked: Position | undefined;
}

/** Reads what is kept of channels. Who asks for the same while it has not been asked yet is given the same. */
export class Histories {
  readonly #options: HistoriesOptions;
  readonly #due = new Map<string, Promise<AskedPage>>();

  constructor(options: HistoriesOptions) {
    this.#options = options;
  }

  /** Of what is behind `after` it may be less than there is, and than the limit: what follows is to be asked for next. */
  async read(channel: string, range: HistoryRange): Promise<AskedPage> {
    const first = await this.#read(channel, range);
    if (range.after !== undefined) return first;
    let { page } = first;
    // Who asks for the newest is given as many as it wants.
    while (page.isCut && page.events.length < range.limit) {
      const [oldest] = page.events;
      const bytes = range.bytes === undefined ? undefined : range.bytes - bytesOf(page);
      const rest = { before: oldest?.offset, limit: range.limit - page.events.length, bytes };
      const { page: older } = await this.#read(channel, rest);
      // What is of another life of the stream does not stand before these. One is given also where there is no room for it.
      if (older.epoch !== page.epoch || (bytes !== undefined && bytesOf(older) > bytes)) break;
      page = { ...page, events: [...older.events, ...page.events], isCut: older.isCut };
    }
    return { ...first, page };
  }

  #read(channel: string, range: HistoryRange): Promise<AskedPage> {
    const name = JSON.stringify([channel, range.after, range.before, range.limit, range.bytes]);
    const due = this.#due.get(name);
    if (due !== undefined) return due;
    let isAsked = false;
    const reading = this.#options.gate.pass(async () => {
      isAsked = true;
      this.#due.delete(name);
      const asked = this.#options.positionOf(channel);
      return { page: await this.#options.refusals.of("history", this.#ask(channel, range)), asked };
    });
    // What has been asked already may lack what was said since.
    if (!isAsked) this.#due.set(name, reading);
    return reading;
  }

  async #ask(channel: string, { after, before, limit, bytes }: HistoryRange): Promise<CutPage> {
    const { servers, settings } = this.#options;
    const { names, positionTtlMs, freshEpoch } = settings;
    const { key } = names.channel(channel);
    const first = after === undefined ? "-" : `${after + 1}-0`;
    const last = before === undefined ? "+" : `${Math.max(before - 1, 0)}-${LAST_ID}`;
    const which = after === undefined ? "newest" : "oldest";
    const args = [freshEpoch(), positionTtlMs, first, last, limit, PAGE_BYTES, which, bytes ?? ALL];
    const answer = await servers.run(readEvents, [key, `${key}:events`], args);
    const [epoch, offset, missing, found, isCut] = answer as [string, number, number, [string, string[]][], 0 | 1]; // as the script gives them
    const events = found.map(([id, [, said = ""]]) => ({ ...readEvent(said), offset: Number.parseInt(id, 10) }));
    if (after === undefined) events.reverse();
    const end = Math.min(offset, (before ?? Number.POSITIVE_INFINITY) - 1);
    const isComplete = after === undefined || after >= end || after >= missing;
    return { epoch, offset, events, isComplete, isCut: isCut === 1 };
  }
}

interface CutPage extends FeedPage {
  /** Are there more, for which there was no room? */
  readonly isCut: boolean;
}

function bytesOf({ events }: CutPage): number {
  return events.reduce((sum, { payloadJson }) => sum + Buffer.byteLength(payloadJson), 0);
}

/** Redis counts what a connection has not taken, answers too, and cuts it off at 8 MB that stay for a minute. */
const PAGE_BYTES = 262_144;

/** More bytes than there are. */
const ALL = Number.MAX_SAFE_INTEGER;

/** The second part of a stream's id is below this one. */
const LAST_ID = "18446744073709551615";

import type { ProcessView } from "../declare/process-view.js";
import type { Question } from "./contract.js";
import { type Found, type Listing, listingOf } from "./listing.js";

export interface Survey {
  readonly sums: Sums;
  /** What this process knows to each question, by its place; undefined: nothing. */
  readonly found: readonly (Found | undefined)[];
}

/** Of all connections. */
export interface Sums {
  /** Those that have stopped reading. */
  readonly slow: number;
  /** Bytes that wait to go out, and bytes that came and wait for handlers. */
  readonly outboxBytes: number;
  readonly waitingBytes: number;
}

/**
 * Looks once at all connections, and for what was asked. What two pages ask alike is looked for once.
 *
 * @param breathe lets the event loop go on: there may be 100,000 of them
 */
export async function survey(
  view: ProcessView,
  questions: readonly Question[],
  breathe: () => Promise<unknown>,
): Promise<Survey> {
  const keys = questions.map(({ ask, ...what }) => JSON.stringify(what));
  const listings = new Map<string, Listing>();
  for (const [index, question] of questions.entries()) {
    const key = keys[index] ?? "";
    if (!listings.has(key)) listings.set(key, listingOf(question, view));
  }
  const all = [...listings.values()];
  const sums = await seeConnections(view, all, breathe);
  await seeChannels(view, all, breathe);
  const found = new Map([...listings].map(([key, { find }]) => [key, find()]));
  return { sums, found: keys.map((key) => found.get(key)) };
}

async function seeConnections(
  view: ProcessView,
  listings: readonly Listing[],
  breathe: () => Promise<unknown>,
): Promise<Sums> {
  const concerned = listings.flatMap(({ seeConnection }) => seeConnection ?? []);
  const sliceLength = Math.ceil(SLICE_LENGTH / (1 + concerned.length));
  let [slow, outboxBytes, waitingBytes, seen] = [0, 0, 0, 0];
  for (const connection of view.connections()) {
    const { bufferedBytes } = connection;
    outboxBytes += bufferedBytes;
    waitingBytes += connection.waitingBytes;
    // Of most nothing waits: only the others are looked at closely.
    if (bufferedBytes > 0 && connection.has("stopped reading")) slow += 1;
    if (concerned.length > 0) {
      const { trouble } = connection;
      for (const see of concerned) see(connection, trouble);
    }
    seen += 1;
    if (seen % sliceLength === 0) await breathe();
  }
  return { slow, outboxBytes, waitingBytes };
}

async function seeChannels(
  view: ProcessView,
  listings: readonly Listing[],
  breathe: () => Promise<unknown>,
): Promise<void> {
  const concerned = listings.flatMap(({ seeChannel }) => seeChannel ?? []);
  if (concerned.length === 0) return;
  const sliceLength = Math.ceil(SLICE_LENGTH / concerned.length);
  let seen = 0;
  for (const channel of view.channels()) {
    for (const see of concerned) see(channel);
    seen += 1;
    if (seen % sliceLength === 0) await breathe();
  }
}

/** So many are looked at in one turn of the event loop, or fewer where more is asked. */
const SLICE_LENGTH = 5_000;

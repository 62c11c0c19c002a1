import type { Arrival, WsClient } from "./ws-client.js";

/** A place in a channel's stream. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

/** Where `subscribed` or `gap` says that the channel stands. Throws for any other message, and where it says no place. */
export function positionOf({ type, payload }: Arrival): Position {
  const { epoch, offset } = (payload ?? {}) as Partial<Position>;
  if ((type === "subscribed" || type === "gap") && epoch !== undefined && offset !== undefined)
    return { epoch, offset };
  throw new Error(`This tells no position: ${JSON.stringify({ type, payload })}`);
}

/** The offsets of those that are events, in their order. */
export function offsetsOf(arrivals: readonly Arrival[]): readonly (number | undefined)[] {
  return arrivals.map((arrival) => (arrival as { readonly offset?: number }).offset);
}

/** What each event of this kind says: `n` of its payload. */
export function numbersOf(arrivals: readonly Arrival[]): readonly unknown[] {
  return arrivals.map(({ payload }) => (payload as { readonly n?: unknown } | undefined)?.n);
}

/** The code that an error carries, or else the message's type. */
export function codeOf({ type, payload }: Arrival): string {
  return type === "error" ? (payload as { readonly code: string }).code : type;
}

/** Says `connect` with where it stood, and takes `connected`. */
export async function greet(client: WsClient, since?: Readonly<Record<string, unknown>>): Promise<WsClient> {
  client.send({ type: "connect", payload: { since } });
  const answer = await client.next();
  if (answer.type !== "connected") throw new Error(`In the place of connected came ${JSON.stringify(answer)}`);
  return client;
}

/** From `first` to `last`, both included. */
export function numbers(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

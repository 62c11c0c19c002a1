import type { HistoryRange, KeptEvent } from "./broker.js";

/** Those that have room in the bytes of the range, one at least: the oldest behind `after`, and without it the newest. */
export function cutToBytes<Event extends Pick<KeptEvent, "payloadJson">>(
  events: readonly Event[],
  { after, bytes }: Pick<HistoryRange, "after" | "bytes">,
): readonly Event[] {
  if (bytes === undefined) return events;
  let leftBytes = bytes;
  const isPast = ({ payloadJson }: Event) => {
    leftBytes -= Buffer.byteLength(payloadJson);
    return leftBytes < 0;
  };
  if (after === undefined) return events.slice(Math.min(events.findLastIndex(isPast) + 1, events.length - 1));
  const firstPast = events.findIndex(isPast);
  return firstPast === -1 ? events : events.slice(0, Math.max(firstPast, 1));
}

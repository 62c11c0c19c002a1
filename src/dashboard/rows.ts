import type { ConnectionReport, Trouble } from "../declare/connection-report.js";
import type { ChannelView, ConnectionView } from "../declare/process-view.js";
import { cutToUtf8, utf8Length } from "../protocol/utf8.js";
import type { ChannelRow, ConnectionRow } from "./contract.js";

export function rowOf(connection: ConnectionView, trouble: Trouble | undefined): ConnectionRow {
  const { id, endpoint, userId, address, openedAtMs, stage, bufferedBytes: outboxBytes } = connection;
  const face = { id, endpoint: cut(endpoint), user: userId && cut(userId), address: cut(address) };
  return { ...face, openedAtMs, stage, outboxBytes, trouble: briefly(trouble), closed: undefined };
}

/** Of one that has closed. */
export function rowOfReport({ id, endpoint, user, address, ...report }: ConnectionReport): ConnectionRow {
  const { openedAtMs, stage, outbox, troubles, closed } = report;
  const face = { id, endpoint: cut(endpoint), user: user && cut(user), address: cut(address) };
  const end = closed && { atMs: closed.atMs, code: closed.code, reason: cut(closed.reason) };
  return { ...face, openedAtMs, stage, outboxBytes: outbox.bytes, trouble: briefly(troubles[0]), closed: end };
}

export function rowOfChannel({ channel, pattern, connections, behind, offset, events }: ChannelView): ChannelRow {
  return { channel, pattern: cut(pattern), connections, behind, offset, events };
}

function briefly(trouble: Trouble | undefined): ConnectionRow["trouble"] {
  return trouble && { word: trouble.word, sinceMs: trouble.sinceMs };
}

/** Two hundred rows are said every second: what is long is shown in full where there is one of it. */
function cut(text: string): string {
  return (utf8Length(text) ?? text.length) <= MAX_BYTES ? text : `${cutToUtf8(text, MAX_BYTES)}…`;
}

const MAX_BYTES = 64;

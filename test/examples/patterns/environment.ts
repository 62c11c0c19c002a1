import { Inbox } from "../../support/inbox.js";
import { secret, signToken } from "../../support/tokens.js";

// Imported first: the examples read it as they are loaded.
process.env.TIDINGS_JWT_SECRET = secret;
// All of the log is caught below, so that a test may await any line of it.
process.env.TIDINGS_LOG = "info";
// When a server goes, its clients are back within 5 s otherwise.
process.env.TIDINGS_DRAIN_RECONNECT_WITHIN = "100ms";

/** A line of the log, as an app without a logger of its own writes it. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

const lines = new Inbox<LogLine>("The log");
const write = process.stderr.write.bind(process.stderr);

process.stderr.write = ((chunk: string | Uint8Array, ...rest: []) => {
  if (!String(chunk).startsWith('{"level":')) return write(chunk, ...rest);
  lines.put(JSON.parse(String(chunk)) as LogLine);
  return true;
}) as typeof process.stderr.write; // all that is written to it here are chunks, with or without a callback

/** The oldest line of this event that was not asked for yet, or the first that comes. */
export function logged(event: string, about: Readonly<Record<string, unknown>> = {}): Promise<LogLine> {
  const wanted = Object.entries({ event, ...about });
  return lines.next((line) => wanted.every(([name, value]) => line[name] === value));
}

/** What nobody asked for, as it was written. */
export function unreadLog(): string {
  return lines.unread.map((line) => JSON.stringify(line)).join("\n");
}

/** A token of this user, good for an hour. */
export function tokenOf(sub: string, claims: object = {}): string {
  const now = Math.floor(Date.now() / 1_000);
  return signToken({ sub, iat: now, exp: now + 3_600, ...claims });
}

import { isRefusalReason, refusals, type Then, thenAfterClose } from "tidings/protocol";
import type { ConnectionEnd, ConnectionReport, Trouble, TroubleWord } from "../../src/declare/connection-report.js";
import { durationText, pluralText } from "../shared/quantity.js";

export type Tone = "good" | "waiting" | "bad" | "plain";

/** One answer to "why is it slow, or closed?" */
export interface Finding {
  readonly tone: Tone;
  /** What it is called: a trouble's word, or how it stands with the connection. */
  readonly word: string;
  /** What follows the word: since when, and figures. */
  readonly text: string;
  /** What that means, and what comes of it. */
  readonly meaning: string;
}

/** What is wrong with a connection, or was; the end first, then the troubles, the oldest first. There is always one. */
export function findingsOf(report: ConnectionReport, atMs: number, clock: (ms: number) => string): readonly Finding[] {
  const untilMs = report.closed?.atMs ?? atMs;
  const troubles = report.troubles.map((trouble) => troubleFinding(trouble, untilMs, clock));
  if (report.closed) return [endFinding(report.closed, report.isOurClient, clock), ...troubles];
  const behind = report.channels.filter(({ state, behind }) => state === "catching-up" || behind > 0);
  const quiet = [...stageFindings(report, atMs, clock), ...behindFindings(behind.length)];
  if (troubles.length + quiet.length > 0) return [...troubles, ...quiet];
  return [{ tone: "good", word: "nothing is wrong", text: "", meaning: FINE }];
}

const FINE = "What it is sent is taken, what it says is handled, and it is within its limits.";

/** What a trouble means, and what comes of it. */
const meanings: Readonly<Record<TroubleWord, string>> = {
  "stopped reading":
    "Its client, or the network to it, does not take what it is sent. Past the outbox's limit the overflow of the channel decides about events, and an answer closes it with slow_consumer.",
  "over its rate":
    "What it says past its limits is answered with rate_limited and is not handled. If it goes on, it is closed.",
  expired: "Its credential is not valid any more. Unless a fresh one comes, it is closed with token_expired.",
  silent: "It was pinged, and nothing has come since. If that remains so, it is closed with ping_timeout.",
  "waits for handlers":
    "So much of what it said is not handled yet that its socket is read no further. What is slow is the app, not the client.",
  "handler runs long": "A connection's messages are handled one after the other: what it said since waits.",
};

function troubleFinding({ word, sinceMs, detail }: Trouble, untilMs: number, clock: (ms: number) => string): Finding {
  const since = `since ${clock(sinceMs)} (${lasted(untilMs - sinceMs)})`;
  return { tone: "bad", word, text: detail === "" ? since : `${since}: ${detail}`, meaning: meanings[word] ?? "" };
}

function stageFindings(
  { stage, openedAtMs }: ConnectionReport,
  atMs: number,
  clock: (ms: number) => string,
): Finding[] {
  const since = `since ${clock(openedAtMs)} (${lasted(atMs - openedAtMs)})`;
  const entering = "Its credential, its dependencies or open are not done yet; what it says meanwhile waits.";
  const closing = "The server has said so; the other side has not answered yet. After limits.close it is cut off.";
  if (stage === "entering") return [{ tone: "waiting", word: "entering", text: since, meaning: entering }];
  return stage === "closing" ? [{ tone: "waiting", word: "closing", text: "", meaning: closing }] : [];
}

function behindFindings(count: number): Finding[] {
  if (count === 0) return [];
  const meaning = "It is sent what it missed, in order, as fast as it reads.";
  return [{ tone: "waiting", word: "behind", text: `on ${pluralText(count, "channel")}`, meaning }];
}

function endFinding(closed: ConnectionEnd, isOurClient: boolean, clock: (ms: number) => string): Finding {
  const { atMs, code, reason, by } = closed;
  const said = `by the ${by === "server" ? "server" : "client"} with ${code}${reason === "" ? "" : ` ${reason}`}`;
  const text = `at ${clock(atMs)} ${code === 1006 ? "without a word" : said}`;
  const isMeant = code === 1000 || code === 1001;
  const meaning = `${meaningOfEnd(closed)} ${thenOf(closed, isOurClient)}`.trimEnd();
  return { tone: isMeant ? "plain" : "bad", word: "closed", text, meaning };
}

/** What a close code and its reason say. */
export function meaningOfEnd({ code, reason, by }: Pick<ConnectionEnd, "code" | "reason" | "by">): string {
  if (by === "peer" && code === 1001) return "The page was left, or the other side went away.";
  if (by === "server" && isRefusalReason(reason)) return refusals[reason].message;
  if (code >= 3000 && code <= 4999) return "That is a code of the app's own.";
  return codes[code] ?? "That is a code which nobody has defined.";
}

/** RFC 6455 §7.4.1. */
const codes: Readonly<Record<number, string>> = {
  1000: "It was meant to end.",
  1001: "The server is going away.",
  1002: "The protocol was broken.",
  1003: "A kind of frame came that is not taken.",
  1005: "It was closed without a code.",
  1006: "No close frame came: the program at the other end, or the network between, was gone.",
  1007: "A text frame was not UTF-8.",
  1008: "What it did is not allowed.",
  1009: "A message was too big.",
  1010: "The client wanted an extension that the server does not have.",
  1011: "Something went wrong on the server.",
  1012: "The server restarts.",
  1013: "The server could not serve it at that time.",
  1014: "A gateway between could not reach the server.",
  1015: "TLS failed.",
};

/** A close code that came without a reason, in a word or two; empty for what is the app's own. */
export function briefOf(code: number): string {
  return briefs[code] ?? "";
}

const briefs: Readonly<Record<number, string>> = {
  1000: "was meant to end",
  1001: "went away",
  1005: "without a code",
  1006: "connection lost",
};

const thens: Readonly<Record<Then, string>> = {
  "stay-closed": "stays closed",
  "refresh-and-retry": "fetches a fresh token and dials again",
  retry: "dials again, after 1 s at first and later up to 30 s, and resumes where it stood",
  "retry-after-drain": "dials again after the delay that it was told before, and resumes where it stood",
};

/** What comes after it. */
function thenOf({ code, reason, by }: ConnectionEnd, isOurClient: boolean): string {
  // Who has said goodbye knows what it does.
  if (by === "peer" && code !== 1006) return "";
  const then = thens[thenAfterClose(code, reason)];
  return isOurClient ? `Our client ${then}.` : `This is not our client: ours ${then}.`;
}

function lasted(ms: number): string {
  return ms < 1_000 ? "0 s" : durationText(ms);
}

import type { Answer, ChannelRow, ConnectionRow } from "../../src/dashboard/contract.js";
import type { ProcessState } from "./process-log.js";
import type { Which } from "./route.js";

export type AnswerAbout<About extends Answer["about"]> = Extract<Answer, { readonly about: About }>;

export type HeardAnswer = Answer & { readonly heardAtMs: number };

/** A connection, and the process that it is on. */
export type ListedConnection = ConnectionRow & { readonly process: string };

/** One list out of what each process has answered. */
export interface Merged<Row> {
  readonly rows: readonly Row[];
  /** How many there are; rows may be fewer. */
  readonly count: number;
  /** Could there be more than `count`? */
  readonly isAtLeast: boolean;
}

/** Each process answers every 5 s at least: what is older than three of them stands no more, nor what one that is not there said. */
export function isStanding({ heardAtMs }: HeardAnswer, state: ProcessState | undefined, atMs: number): boolean {
  // An answer may come before the first sample.
  return (state ?? "there") === "there" && atMs - heardAtMs <= ANSWER_STANDS_MS;
}

const ANSWER_STANDS_MS = 15_000;

/** Those with something wrong first, for the longest time first; then the newest. Of closed ones the last that closed. */
export function mergeConnections(
  answers: readonly AnswerAbout<"connections">[],
  which: Which,
): Merged<ListedConnection> {
  const rows = answers.flatMap(({ process, rows }) => rows.map((row) => ({ ...row, process })));
  return {
    rows: rows.toSorted(which === "closed" ? byEnd : byTrouble),
    count: answers.reduce((sum, { count }) => sum + count, 0),
    isAtLeast: false,
  };
}

/** A channel that several processes are on is one row: its connections are counted together, its events are the same ones. */
export function mergeChannels(answers: readonly AnswerAbout<"channels">[]): Merged<ChannelRow> {
  const byName = new Map<string, ChannelRow>();
  for (const row of answers.flatMap(({ rows }) => rows)) {
    const other = byName.get(row.channel);
    byName.set(row.channel, other === undefined ? row : bothOf(other, row));
  }
  const isWhole = answers.every(({ rows, count }) => rows.length === count);
  // Which of those that were not told are the same ones nobody knows.
  const count = Math.max(byName.size, ...answers.map(({ count }) => count));
  return { rows: [...byName.values()].toSorted(byConnections), count, isAtLeast: !isWhole && answers.length > 1 };
}

function bothOf(a: ChannelRow, b: ChannelRow): ChannelRow {
  return {
    ...a,
    connections: a.connections + b.connections,
    behind: a.behind + b.behind,
    offset: Math.max(a.offset, b.offset),
    events: Math.max(a.events, b.events),
  };
}

function byTrouble(a: ListedConnection, b: ListedConnection): number {
  const since = ({ trouble }: ListedConnection) => trouble?.sinceMs ?? Number.MAX_SAFE_INTEGER;
  return since(a) - since(b) || b.openedAtMs - a.openedAtMs || a.id.localeCompare(b.id);
}

function byEnd(a: ListedConnection, b: ListedConnection): number {
  return (b.closed?.atMs ?? 0) - (a.closed?.atMs ?? 0) || a.id.localeCompare(b.id);
}

function byConnections(a: ChannelRow, b: ChannelRow): number {
  return b.behind - a.behind || b.connections - a.connections || a.channel.localeCompare(b.channel);
}

import type { JSX } from "preact";
import { countText, pluralText } from "../shared/quantity.js";
import { nowMs } from "../shared/time.js";
import type { Merged } from "./answers.js";
import type { Line } from "./line.js";

interface ListNoteProps {
  readonly line: Line;
  /** How many processes have answered. */
  readonly answers: number;
  readonly merged: Merged<unknown>;
  readonly noun: string;
}

/** Nobody answers where nobody can: a process does so in well under a second. */
const PATIENCE_MS = 3_000;

/** How many there are, and what keeps the rest from being seen. */
export function ListNote({ line, answers, merged, noun }: ListNoteProps): JSX.Element {
  const { problem, askedAtMs } = line.inquiry.value;
  if (problem !== undefined) {
    return (
      <p class="row" role="alert">
        <span class="problem">It could not be asked: {problem}</span>
        <button type="button" class="quiet small" onClick={() => line.askAgain()}>
          Ask again
        </button>
      </p>
    );
  }
  if (answers > 0) {
    const isBlind = line.book.isBlind(line.shownAtMs(nowMs.value));
    const blind = "The broker is away: these are of the one process that can be seen.";
    return <p role="status">{`${countOf(merged, noun)}${isBlind ? `. ${blind}` : ""}`}</p>;
  }
  const isLong = nowMs.value - askedAtMs > PATIENCE_MS;
  return <p role="status">{isLong ? "No process answers." : "Asking…"}</p>;
}

function countOf({ rows, count, isAtLeast }: Merged<unknown>, noun: string): string {
  const all = `${isAtLeast ? "at least " : ""}${count === 0 ? `no ${noun}s` : pluralText(count, noun)}`;
  const said = all[0]?.toUpperCase() + all.slice(1);
  return rows.length < count
    ? `${said}, of which ${countText(rows.length)} are shown: a filter finds the others`
    : said;
}

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { ConnectionReport } from "../../src/declare/connection-report.js";
import { bytesText } from "../shared/quantity.js";
import { ClockTime, nowMs } from "../shared/time.js";
import type { AnswerAbout, HeardAnswer } from "./answers.js";
import { Chart } from "./chart.js";
import { clockText } from "./clock-text.js";
import { ConnectionFacts } from "./connection-facts.js";
import { Errors, Limits, Standings } from "./connection-tables.js";
import { Disconnect } from "./disconnect.js";
import type { Line } from "./line.js";
import { Page } from "./page.js";
import { Part } from "./part.js";
import { findingsOf } from "./why.js";

interface ConnectionPageProps {
  readonly line: Line;
  readonly id: string;
}

/** Why is this one slow, or closed? */
export function ConnectionPage({ line, id }: ConnectionPageProps): JSX.Element {
  const answer = [...line.inquiry.value.answers.values()].find(isAboutConnection);
  return (
    <Page title={answer === undefined ? `Connection ${id}` : titleOf(answer.report)} of={id}>
      {answer === undefined ? <Missing line={line} /> : <Known line={line} answer={answer} />}
    </Page>
  );
}

/** Whose, and where: nobody knows it by its id. */
function titleOf({ user, endpoint }: ConnectionReport): string {
  if (user === undefined) return `Connection to ${endpoint}`;
  return `${user.length > LONGEST_NAME ? `${user.slice(0, LONGEST_NAME)}…` : user} · ${endpoint}`;
}

const LONGEST_NAME = 64;

type ReportAnswer = HeardAnswer & AnswerAbout<"connection">;

function isAboutConnection(answer: HeardAnswer): answer is ReportAnswer {
  return answer.about === "connection";
}

/** Processes that know it answer in well under a second; the others say nothing. */
const PATIENCE_MS = 2_500;

function Missing({ line }: { readonly line: Line }): JSX.Element {
  const { problem, askedAtMs } = line.inquiry.value;
  const isLong = nowMs.value - askedAtMs > PATIENCE_MS;
  const nobody = "No process knows it: it is not open, and not among the last 1,000 of a process that have closed.";
  if (problem === undefined) return <p role="status">{isLong ? nobody : "Asking…"}</p>;
  return (
    <p class="row" role="alert">
      <span class="problem">It could not be asked: {problem}</span>
      <button type="button" class="quiet small" onClick={() => line.askAgain()}>
        Ask again
      </button>
    </p>
  );
}

function Known({ line, answer }: { readonly line: Line; readonly answer: ReportAnswer }): JSX.Element {
  const { report, process } = answer;
  const shownAtMs = line.shownAtMs(nowMs.value);
  const state = line.book.stateOf(process, shownAtMs) ?? "there";
  // Its process answers by its own clock, and is silent where nothing has changed.
  const atMs = answer.atMs + (state === "there" ? Math.max(0, shownAtMs - answer.heardAtMs) : 0);
  const { user, closed } = report;
  return (
    <>
      <p class="row who">
        <span class="state" data-tone={tones[report.stage]}>
          {report.stage}
        </span>
        <code>{report.id}</code>
        <span class="quiet">
          on {line.book.nameOf(process) ?? process} from <code>{report.address}</code>, opened{" "}
          <ClockTime ms={report.openedAtMs} />
        </span>
      </p>
      {state === "unseen" && (
        <p role="status" class="quiet">
          Its process can't be seen, for the broker is away. What is shown is of {clockText(answer.atMs)}.
        </p>
      )}
      {state === "gone" && (
        <p role="alert" class="problem">
          Its process is gone, and with it the connection. What is shown is of {clockText(answer.atMs)}.
        </p>
      )}
      <Why report={report} atMs={atMs} />
      {user !== undefined && closed === undefined && (
        <div class="row">
          <Disconnect line={line} user={user} />
        </div>
      )}
      <div class="parts">
        <Outbox report={report} atMs={answer.atMs} />
        <ConnectionFacts report={report} atMs={atMs} />
        <Limits rates={report.rates} />
        <Standings channels={report.channels} count={report.channelCount} />
        <Errors errors={report.errors} count={report.counts.errorsAnswered} />
      </div>
    </>
  );
}

const tones = { entering: "waiting", open: "good", closing: "waiting", closed: undefined } as const;

/** The answer, in words. */
function Why({ report, atMs }: { readonly report: ConnectionReport; readonly atMs: number }): JSX.Element {
  const findings = findingsOf(report, atMs, (ms) => clockText(ms, atMs));
  return (
    <section class="card stack" aria-label="Why">
      <ul class="stack">
        {findings.map(({ tone, word, text, meaning }) => (
          <li key={word} class="finding" data-tone={tone}>
            <p class="verdict">
              <strong>{word}</strong> {text}
            </p>
            <p class="quiet">{meaning}</p>
          </li>
        ))}
      </ul>
      {/* Said once, and not with each second that passes. */}
      <p class="unseen" role="status">
        {findings.map(({ word }) => word).join(", ")}
      </p>
    </section>
  );
}

/** How much waits to go out, and how that was since this page is looked at. */
function Outbox({ report, atMs }: { readonly report: ConnectionReport; readonly atMs: number }): JSX.Element {
  const { bytes, limit } = report.outbox;
  const pointed = useSignal<number>();
  const past = useRef<{ readonly id: string; readonly seen: Seen } | undefined>(undefined);
  if (past.current?.id !== report.id) past.current = { id: report.id, seen: { seconds: [], bytes: [] } };
  past.current = { id: report.id, seen: seenWith(past.current.seen, atMs / 1_000, bytes) };
  const { seen } = past.current;
  return (
    <Part title="Outbox">
      <p class="row">
        <progress value={Math.min(bytes, limit)} max={limit} aria-label="Outbox" />
        <span class="number">
          {bytesText(bytes)} of {bytesText(limit)}
        </span>
      </p>
      {report.closed === undefined && (
        <Chart
          title="Bytes that wait"
          unit="bytes"
          labels={["outbox"]}
          seconds={seen.seconds}
          values={[seen.bytes]}
          pointed={pointed}
          together="outbox"
        />
      )}
    </Part>
  );
}

interface Seen {
  readonly seconds: readonly number[];
  readonly bytes: readonly number[];
}

/** Five minutes of it, where something comes each second. */
const SEEN = 300;

function seenWith({ seconds, bytes }: Seen, second: number, value: number): Seen {
  if (second <= (seconds.at(-1) ?? 0)) return { seconds, bytes };
  return { seconds: [...seconds, second].slice(-SEEN), bytes: [...bytes, value].slice(-SEEN) };
}

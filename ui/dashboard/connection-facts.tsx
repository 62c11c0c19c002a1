import type { JSX } from "preact";
import type { ConnectionReport } from "../../src/declare/connection-report.js";
import { bytesText, countText, pluralText } from "../shared/quantity.js";
import { ClockTime, Since } from "../shared/time.js";
import { Part } from "./part.js";

/** Who it is, and what it has said and heard. */
export function ConnectionFacts({
  report,
  atMs,
}: {
  readonly report: ConnectionReport;
  readonly atMs: number;
}): JSX.Element {
  const { user, isOurClient, heardAtMs, expiresAtMs, waiting, counts, closed, openedAtMs } = report;
  const untilMs = closed?.atMs ?? atMs;
  return (
    <Part title="What it is and does">
      <dl class="facts">
        <dt>User</dt>
        <dd>{user ?? "none"}</dd>
        <dt>Client</dt>
        <dd>{isOurClient ? "speaks tidings.v1" : "a plain WebSocket"}</dd>
        <dt>{closed === undefined ? "Open for" : "Was open for"}</dt>
        <dd>
          <Since ms={openedAtMs} untilMs={untilMs} />
        </dd>
        <dt>Heard last</dt>
        <dd>
          <Since ms={heardAtMs} untilMs={untilMs} /> {closed === undefined ? "ago" : "before it closed"}
        </dd>
        <dt>Credential</dt>
        <dd>
          <Expiry expiresAtMs={expiresAtMs} atMs={untilMs} isOver={closed !== undefined} />
        </dd>
        <dt>Waits for handlers</dt>
        <dd>
          {pluralText(waiting.messages, "message")}, {bytesText(waiting.bytes)}
          {waiting.isPaused && ": its socket is read no further"}
        </dd>
        <dt>Came in</dt>
        <dd>
          {pluralText(counts.messagesReceived, "message")}, {bytesText(counts.bytesReceived)}
        </dd>
        <dt>Went out</dt>
        <dd>{bytesText(counts.bytesWritten)}</dd>
        <dt>Errors answered</dt>
        <dd>{countText(counts.errorsAnswered)}</dd>
      </dl>
    </Part>
  );
}

interface ExpiryProps {
  readonly expiresAtMs: number | undefined;
  /** Now, or when it closed. */
  readonly atMs: number;
  readonly isOver: boolean;
}

function Expiry({ expiresAtMs, atMs, isOver }: ExpiryProps): JSX.Element {
  if (expiresAtMs === undefined) return <>{isOver ? "did" : "does"} not expire</>;
  const time = <ClockTime ms={expiresAtMs} />;
  if (isOver) return <>valid until {time}</>;
  if (expiresAtMs > atMs) {
    return (
      <>
        expires in <Since ms={atMs} untilMs={expiresAtMs} />, at {time}
      </>
    );
  }
  return (
    <>
      expired <Since ms={expiresAtMs} untilMs={atMs} /> ago, at {time}
    </>
  );
}

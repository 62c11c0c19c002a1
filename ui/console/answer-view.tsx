import type { JSX } from "preact";
import { bytesText, durationText } from "../shared/quantity.js";
import type { MessageState } from "./message-state.js";
import type { Answer } from "./session.js";

/** What came of it, for eyes and for ears. */
export function AnswerView({
  answer,
  placedCount,
}: {
  readonly answer: MessageState["answer"]["value"];
  readonly placedCount: number;
}): JSX.Element {
  return (
    <div class="answer" role="status">
      {answer === "waiting" && <p class="quiet">Waiting for the answer…</p>}
      {answer === "sent" && <p class="quiet">Sent. Without an id it is answered only if it fails.</p>}
      {typeof answer === "object" && <AnswerText answer={answer} placedCount={placedCount} />}
    </div>
  );
}

function AnswerText({
  answer: { message, tookMs },
  placedCount,
}: {
  readonly answer: Answer;
  readonly placedCount: number;
}): JSX.Element {
  const took = durationText(tookMs);
  if (message === undefined) return <p class="problem">The connection was lost before an answer came ({took}).</p>;
  const { code, message: words, retryAfterMs } = Object(message.payload);
  if (message.type === "error") {
    return (
      <p class="problem">
        <strong>{String(code)}</strong> {String(words)}
        {typeof retryAfterMs === "number" && ` Again in ${durationText(retryAfterMs)}.`}
        {code === "internal" && " The server's log has the cause."}
        {placedCount > 0 && " It is marked above."} <span class="quiet">({took})</span>
      </p>
    );
  }
  const text = JSON.stringify(message.payload, null, 2) ?? "null";
  return (
    <>
      <p class="quiet">
        <strong class="good">{message.type}</strong> in {took}, {bytesText(text.length)}
      </p>
      <pre class="sample">{text}</pre>
    </>
  );
}

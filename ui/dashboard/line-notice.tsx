import type { JSX } from "preact";
import { ClockTime, nowMs, Since } from "../shared/time.js";
import type { Line } from "./line.js";
import { meaningOfEnd } from "./why.js";

/** In a word. */
export function LineState({ line }: { readonly line: Line }): JSX.Element {
  const { status } = line.state.value;
  const [word, tone] = words[status];
  return (
    <span class="state" data-tone={tone} role="status">
      {word}
    </span>
  );
}

const words = {
  connecting: ["Connecting", "waiting"],
  open: ["Live", "good"],
  waiting: ["Not connected", "bad"],
  closed: ["Closed", "bad"],
} as const;

/** Where it is not connected: since when what is shown is old, why, and what comes. */
export function LineNotice({ line }: { readonly line: Line }): JSX.Element | null {
  const { status, sinceMs, why } = line.state.value;
  if (status === "open" || why === undefined) return null;
  // Where it is not refused it tries anew; what else closes for good is no matter of who one is.
  const isRefused = status === "closed" && why.code === 1008;
  const said = `${why.code}${why.reason === "" ? "" : ` ${why.reason}`}`;
  return (
    <aside class="notice" aria-label="Not connected">
      <p>
        {status === "closed" ? (
          <>
            <strong>
              {isRefused ? "The server does not let this page in" : "The server has closed the connection"}
            </strong>
            , with {said}.{" "}
          </>
        ) : (
          <>
            <strong>Not connected</strong> since <ClockTime ms={sinceMs} /> (<Since ms={sinceMs} />
            ): what is shown is of then.{" "}
          </>
        )}
        {meaningOfEnd({ ...why, by: "server" })} {status !== "closed" && <Countdown line={line} />}
        {isRefused && "Its guard decides who may see it: sign in again, and load the page anew."}
      </p>
      {status === "waiting" && (
        <button type="button" class="quiet small" onClick={() => line.reconnect()}>
          Try now
        </button>
      )}
      {status === "closed" && (
        <button type="button" class="quiet small" onClick={() => location.reload()}>
          Load the page anew
        </button>
      )}
    </aside>
  );
}

function Countdown({ line }: { readonly line: Line }): JSX.Element {
  const { retryAtMs } = line;
  if (line.state.value.status === "connecting") return <>It tries again now.</>;
  if (retryAtMs === undefined) return <>It tries again when the network is back.</>;
  const seconds = Math.max(0, Math.ceil((retryAtMs - nowMs.value) / 1_000));
  return <>It tries again {seconds === 0 ? "now" : `in ${seconds} s`}.</>;
}

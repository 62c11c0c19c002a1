import type { JSX } from "preact";
import { Since } from "../shared/time.js";
import type { EndpointDoc } from "./api.js";
import type { Desk } from "./desk.js";
import { FramesLink } from "./frames-link.js";
import type { Session, SessionEnd } from "./session.js";

/** What became of the last dial to an endpoint, in words. */
export function Outcome({ desk, endpoint }: { readonly desk: Desk; readonly endpoint: EndpointDoc }): JSX.Element {
  const session = desk.speaker.value;
  const problem = desk.problem.value;
  return (
    <div role="status" class="stack">
      {problem !== undefined && <p class="problem">{problem}</p>}
      {session !== undefined && <Told desk={desk} endpoint={endpoint} session={session} />}
    </div>
  );
}

interface ToldProps {
  readonly desk: Desk;
  readonly endpoint: EndpointDoc;
  readonly session: Session;
}

function Told({ desk, endpoint, session }: ToldProps): JSX.Element {
  const end = session.end.value;
  const status = session.status.value;
  const user = session.user.value;
  if (end === undefined) {
    if (status === "open") {
      return (
        <div class="row">
          <p class="quiet">{user === undefined ? "It is open." : `It is open, as ${user}.`}</p>
          <FramesLink session={session} />
        </div>
      );
    }
    return (
      <p class="quiet">{status === "entering" ? "Connected; the server has not let it in yet." : "Connecting…"}</p>
    );
  }
  const askAgain = () => desk.connect(endpoint, { ...session.entry, speaks: "tidings.v1" });
  return (
    <div class="ending stack">
      <p>
        <strong class={end.wasOpen ? "" : "bad"}>{end.wasOpen ? "Closed" : "Refused"}</strong>{" "}
        <span class="code">{end.label}</span>, <Since ms={end.atMs} /> ago
      </p>
      <EndingWords end={end} />
      {end.isHidden && (
        <div class="row">
          <button type="button" class="quiet" onClick={askAgain}>
            Ask again as tidings.v1
          </button>
          <small>That is told the reason.</small>
        </div>
      )}
    </div>
  );
}

/** What a close means, and what our client would do then. */
export function EndingWords({ end }: { readonly end: SessionEnd }): JSX.Element {
  return (
    <dl class="facts">
      <dt>It means</dt>
      <dd>{end.meaning}</dd>
      {end.ourClient !== undefined && (
        <>
          <dt>Our client</dt>
          <dd>{end.ourClient}</dd>
        </>
      )}
      {end.plain !== undefined && (
        <>
          <dt>Others</dt>
          <dd>{end.plain}</dd>
        </>
      )}
    </dl>
  );
}

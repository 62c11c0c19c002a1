import type { JSX } from "preact";
import { Icon } from "../shared/icon.js";
import { Since } from "../shared/time.js";
import type { Desk } from "./desk.js";
import { pathOf } from "./dial.js";
import { FrameList } from "./frame-list.js";
import { EndingWords } from "./outcome.js";
import { writeRoute } from "./route.js";
import type { Session, SessionStatus } from "./session.js";

/** The connections: one at a time by its tab, or all of them side by side. */
export function SessionPane({ desk }: { readonly desk: Desk }): JSX.Element {
  const sessions = desk.sessions.value;
  const active = desk.active.value;
  const isSideBySide = desk.isSideBySide.value && sessions.length > 1;
  const shown = isSideBySide ? sessions : sessions.filter((session) => session === active);
  return (
    <section class="sessions" aria-labelledby="sessions-title" data-many={isSideBySide}>
      <div class="head">
        <h2 id="sessions-title">Connections</h2>
        {sessions.length > 1 && (
          <button
            type="button"
            class="quiet small"
            aria-pressed={isSideBySide}
            onClick={() => {
              desk.isSideBySide.value = !desk.isSideBySide.value;
            }}
          >
            <Icon of="columns" />
            Side by side
          </button>
        )}
      </div>
      {sessions.length === 0 && (
        <p class="quiet">None yet. Each that you open is shown here, with what goes over its wire.</p>
      )}
      {sessions.length > 1 && <SessionTabs desk={desk} />}
      <div class="cards">
        {shown.map((session) => (
          <SessionCard key={session.number} desk={desk} session={session} isActive={session === active} />
        ))}
      </div>
    </section>
  );
}

/** Chooses the connection that is looked at, and that forms speak by. */
function SessionTabs({ desk }: { readonly desk: Desk }): JSX.Element {
  return (
    <fieldset class="choice">
      <legend class="unseen">Speak by</legend>
      {desk.sessions.value.map((session) => (
        <label key={session.number}>
          <input
            type="radio"
            name="session"
            checked={session === desk.active.value}
            onChange={() => chooseSession(desk, session)}
          />
          <span class="state" data-tone={tones[session.status.value]}>
            {session.number} {session.user.value} {pathOf(session.endpoint.path, session.entry.params)}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** Its endpoint is shown with it: what is said is said there. */
export function chooseSession(desk: Desk, session: Session): void {
  desk.active.value = session;
  location.hash = writeRoute(session.endpoint.key);
}

interface CardProps {
  readonly desk: Desk;
  readonly session: Session;
  readonly isActive: boolean;
}

function SessionCard({ desk, session, isActive }: CardProps): JSX.Element {
  const end = session.end.value;
  const opened = session.openedAtMs.value;
  const status = session.status.value;
  const name = session.name.value;
  return (
    <article class="card session" aria-label={`Connection ${session.number}`} data-active={isActive}>
      <div class="row">
        <span class="state" data-tone={tones[status]}>
          {statusWords[status]}
        </span>
        <strong>{name}</strong>
        {opened !== undefined && (
          <small>
            {end === undefined ? "for " : "was open for "}
            <Since ms={opened} untilMs={end?.atMs} />
          </small>
        )}
        <span class="fill" />
        {status === "closed" ? (
          <button type="button" class="quiet small" onClick={() => desk.connect(session.endpoint, session.entry)}>
            Dial again
          </button>
        ) : (
          <button type="button" class="quiet small" onClick={() => session.close()}>
            Close
          </button>
        )}
        <button
          type="button"
          class="round small"
          aria-label={`Take connection ${session.number} away`}
          onClick={() => desk.forget(session)}
        >
          <Icon of="cross" />
        </button>
      </div>
      <p class="quiet code">{pathOf(session.endpoint.path, session.entry.params)}</p>
      {end !== undefined && (
        <details>
          <summary>
            {end.wasOpen ? "Closed" : "Refused"} with <span class="code">{end.label}</span>
          </summary>
          <EndingWords end={end} />
        </details>
      )}
      <FrameList session={session} />
    </article>
  );
}

const tones: Readonly<Record<SessionStatus, string>> = {
  connecting: "waiting",
  entering: "waiting",
  open: "good",
  closing: "waiting",
  closed: "bad",
};

const statusWords: Readonly<Record<SessionStatus, string>> = {
  connecting: "Connecting",
  entering: "Entering",
  open: "Open",
  closing: "Closing",
  closed: "Closed",
};

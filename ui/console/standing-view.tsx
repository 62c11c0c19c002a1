import type { JSX } from "preact";
import { pluralText } from "../shared/quantity.js";
import { Since } from "../shared/time.js";
import type { Standing } from "./channel-book.js";

interface StandingProps {
  readonly standing: Standing;
  readonly isOn: boolean;
  readonly hasHistory: boolean;
}

/** How a connection stands on a channel: where in its history, who is there, what was lost. */
export function StandingView({ standing, isOn, hasHistory }: StandingProps): JSX.Element {
  const { offset, epoch, recovered, state, members, events, gaps, lastGapAtMs, takenOff } = standing;
  return (
    <div class="standing stack">
      <p class="row">
        <span class="state" data-tone={isOn ? "good" : "bad"}>
          {isOn ? `On ${standing.name}` : `Not on ${standing.name}${takenOff === undefined ? "" : `: ${takenOff}`}`}
        </span>
        <small class="number">{pluralText(events, "event")}</small>
        {hasHistory && offset !== undefined && (
          <small class="number">
            offset {offset} of epoch {epoch}
          </small>
        )}
        {recovered !== undefined && (
          <span class="badge" data-tone={recovered ? "good" : "waiting"}>
            {recovered ? "recovered" : "not recovered"}
          </span>
        )}
        {gaps > 0 && (
          <span class="badge" data-tone="waiting">
            {pluralText(gaps, "gap")}, the last <Since ms={lastGapAtMs ?? 0} /> ago
          </span>
        )}
      </p>
      {members !== undefined && <Members standing={standing} isOn={isOn} members={members} />}
      {state !== undefined && (
        <details>
          <summary>State when it came</summary>
          <pre class="sample">{JSON.stringify(state.value, null, 2)}</pre>
        </details>
      )}
    </div>
  );
}

interface MembersProps {
  readonly standing: Standing;
  readonly isOn: boolean;
  readonly members: ReadonlyMap<string, unknown>;
}

function Members({ standing: { name, memberCount }, isOn, members }: MembersProps): JSX.Element {
  const names = [...members];
  return (
    <div>
      <h4>
        {isOn ? "Who is here" : "Who was here"}: {memberCount ?? names.length}
      </h4>
      <ul class="row" aria-label={`Who ${isOn ? "is" : "was"} on ${name}`}>
        {names.slice(0, MOST_MEMBERS).map(([id, member]) => (
          <li key={id} class="badge" title={JSON.stringify(member)}>
            {id}
          </li>
        ))}
        {names.length > MOST_MEMBERS && <li class="quiet">and {names.length - MOST_MEMBERS} more</li>}
      </ul>
    </div>
  );
}

const MOST_MEMBERS = 100;

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { durationText, pluralText } from "../shared/quantity.js";
import { Since } from "../shared/time.js";
import type { ChannelDoc, EndpointDoc } from "./api.js";
import type { Standing } from "./channel-book.js";
import { ParamInput } from "./connect-form.js";
import type { Desk } from "./desk.js";
import { nameOf, paramProblem } from "./dial.js";
import { MessageForm } from "./message-form.js";
import { MessageView } from "./message-view.js";
import type { Answer, Session } from "./session.js";
import { Words } from "./words.js";

interface ChannelProps {
  readonly desk: Desk;
  readonly endpoint: EndpointDoc;
  readonly channel: ChannelDoc;
}

/** A channel of an endpoint: subscribe to one by its params, see how one stands there, publish. */
export function ChannelCard({ desk, endpoint, channel }: ChannelProps): JSX.Element {
  const form = useId();
  const session = desk.speaker.value;
  session?.version.value; // shown anew with what is heard
  const entered = desk.entryOf(endpoint).params.value;
  const params = useSignal<Readonly<Record<string, string>>>(
    Object.fromEntries(channel.params.map(({ name, initial }) => [name, entered[name] ?? initial])),
  );
  const name = nameOf(channel.pattern, params.value);
  const isNamed = channel.params.every(({ name }) => paramProblem(params.value[name] ?? "") === undefined);
  const others = onThePattern(session, channel.pattern).filter((each) => each.name !== name);
  return (
    <section class="card stack" id={channelAnchor(channel.pattern)} aria-labelledby={`${form}-title`}>
      <div class="head">
        <h3 id={`${form}-title`} class="code">
          {channel.pattern}
        </h3>
        <div class="row">
          {badgesOf(channel).map((words) => (
            <span key={words} class="badge">
              {words}
            </span>
          ))}
        </div>
      </div>
      <Words text={channel.summary} />
      {channel.params.length > 0 && (
        <div class="pair">
          {channel.params.map((param) => (
            <ParamInput
              key={param.name}
              param={param}
              id={`${form}-${param.name}`}
              value={params.value[param.name] ?? ""}
              onChange={(value) => {
                params.value = { ...params.value, [param.name]: value };
              }}
            />
          ))}
        </div>
      )}
      <Attending channel={channel} name={name} isNamed={isNamed} session={session} form={form} />
      {others.length > 0 && <p class="quiet">Also on {others.map((each) => each.name).join(", ")}.</p>}
      {channel.publishable.map((event) => (
        <details key={event.type} class="message">
          <summary>
            <span class="verb">Publish</span> <code>{event.type}</code> <Words small text={event.summary} />
          </summary>
          <div class="details">
            <MessageForm
              state={desk.messageOf(endpoint, event, channel.pattern)}
              session={session}
              wrap={(payload) => ({ type: "publish", payload: { channel: name, type: event.type, payload } })}
              verb={`Publish ${event.type}`}
            />
          </div>
        </details>
      ))}
      {channel.events.map((event) => (
        <MessageView key={event.type} verb="Hear" message={event} />
      ))}
    </section>
  );
}

/** Where on the page a channel is. */
export function channelAnchor(pattern: string): string {
  return `channel-${encodeURIComponent(pattern)}`;
}

interface AttendingProps {
  readonly channel: ChannelDoc;
  readonly name: string;
  readonly isNamed: boolean;
  readonly session: Session | undefined;
  readonly form: string;
}

function Attending({ channel, name, isNamed, session, form }: AttendingProps): JSX.Element {
  const rewind = useSignal("");
  const withPresence = useSignal(channel.presence);
  const answer = useSignal<Answer | undefined>(undefined);
  session?.version.value; // shown anew with what is heard
  const standing = session?.book.find(name);
  const isOpen = session?.status.value === "open";
  const isOn = standing?.isOn === true && isOpen;
  const mayAsk = channel.subscribe !== "no";

  async function ask(type: string, more: object = {}): Promise<void> {
    answer.value = undefined;
    answer.value = await session?.say(type, { channel: name, ...more }, { withId: true });
  }
  const count = /^\d+$/.test(rewind.value) ? Number(rewind.value) : undefined;
  const subscribe = () => ask("subscribe", { rewind: count, presence: withPresence.value || undefined });
  return (
    <>
      {mayAsk && !isOn && (
        <div class="row">
          {channel.history !== null && (
            <label class="tick">
              Rewind
              <input
                class="short"
                inputMode="numeric"
                placeholder="0"
                value={rewind.value}
                onInput={({ currentTarget }) => {
                  rewind.value = currentTarget.value;
                }}
              />
            </label>
          )}
          {channel.presence && (
            <label class="tick">
              <input
                type="checkbox"
                checked={withPresence.value}
                onChange={({ currentTarget }) => {
                  withPresence.value = currentTarget.checked;
                }}
              />
              and who is here
            </label>
          )}
        </div>
      )}
      <div class="row">
        {mayAsk && !isOn && (
          <button type="button" disabled={!isOpen || !isNamed} onClick={() => void subscribe()}>
            Subscribe
          </button>
        )}
        {!mayAsk && !isOn && <p class="quiet">Clients don't subscribe to it: the server puts them on it.</p>}
        {isOn && (
          <button type="button" class="quiet" onClick={() => void ask("unsubscribe")}>
            Unsubscribe
          </button>
        )}
        {isOn && channel.presence && standing.members === undefined && (
          <button type="button" class="quiet" onClick={() => void ask("presence", { watch: true })}>
            Watch who is here
          </button>
        )}
        {isOn && channel.history !== null && (
          <button type="button" class="quiet" onClick={() => void ask("history", { limit: 50 })}>
            History
          </button>
        )}
        {!isOpen && mayAsk && <small id={`${form}-why`}>Connect first.</small>}
      </div>
      {standing !== undefined && <StandingView standing={standing} isOn={isOn} hasHistory={channel.history !== null} />}
      <AskedView answer={answer.value} />
    </>
  );
}

function StandingView({
  standing,
  isOn,
  hasHistory,
}: {
  readonly standing: Standing;
  readonly isOn: boolean;
  readonly hasHistory: boolean;
}): JSX.Element {
  const { offset, epoch, recovered, state, members, memberCount, events, gaps, lastGapAtMs, takenOff } = standing;
  const names = [...(members ?? [])];
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
      {members !== undefined && (
        <div>
          <h4>Who is here: {memberCount ?? names.length}</h4>
          <ul class="row" aria-label={`Who is on ${standing.name}`}>
            {names.slice(0, MOST_MEMBERS).map(([id, member]) => (
              <li key={id} class="badge" title={JSON.stringify(member)}>
                {id}
              </li>
            ))}
            {names.length > MOST_MEMBERS && <li class="quiet">and {names.length - MOST_MEMBERS} more</li>}
          </ul>
        </div>
      )}
      {state !== undefined && (
        <details>
          <summary>State when it came</summary>
          <pre class="sample">{JSON.stringify(state.value, null, 2)}</pre>
        </details>
      )}
    </div>
  );
}

const MOST_MEMBERS = 100;

/** What a question about a channel was answered, where that says more than how one stands there. */
function AskedView({ answer }: { readonly answer: Answer | undefined }): JSX.Element {
  const message = answer?.message;
  const { code, message: words, events } = Object(message?.payload);
  return (
    <div role="status">
      {answer !== undefined && message === undefined && (
        <p class="problem">The connection was lost before an answer came.</p>
      )}
      {message?.type === "error" && (
        <p class="problem">
          <strong>{String(code)}</strong> {String(words)}
        </p>
      )}
      {Array.isArray(events) && (
        <details open>
          <summary>{pluralText(events.length, "event")} of its history</summary>
          <pre class="sample">{events.map((event) => JSON.stringify(event)).join("\n")}</pre>
        </details>
      )}
    </div>
  );
}

function badgesOf({ history, presence, snapshot, subscribe, publish }: ChannelDoc): string[] {
  return [
    ...(history === null ? [] : [`keeps ${history.size} for ${durationText(history.ttlMs)}`]),
    ...(presence ? ["presence"] : []),
    ...(snapshot ? ["state"] : []),
    `subscribe: ${subscribe}`,
    `publish: ${publish}`,
  ];
}

/** All that a connection knows of channels of a pattern. */
function onThePattern(session: Session | undefined, pattern: string): readonly Standing[] {
  const parts = pattern.split("/");
  const isOfIt = (name: string) => {
    const given = name.split("/");
    return given.length === parts.length && parts.every((part, index) => part.startsWith(":") || part === given[index]);
  };
  return session?.book.standings.filter(({ name, isOn }) => isOn && isOfIt(name)) ?? [];
}

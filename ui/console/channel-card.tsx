import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { durationText } from "../shared/quantity.js";
import { type ChannelDoc, type EndpointDoc, type MessageDoc, shownType } from "./api.js";
import type { Standing } from "./channel-book.js";
import { ChannelDesk } from "./channel-desk.js";
import type { Desk } from "./desk.js";
import { nameOf, paramProblem, paramsIn } from "./dial.js";
import { MessageForm } from "./message-form.js";
import { MessageView } from "./message-view.js";
import { ParamInput } from "./param-input.js";
import type { Session } from "./session.js";
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
    <section class="card stack" id={channelAnchor(channel.pattern)} tabIndex={-1} aria-labelledby={`${form}-title`}>
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
      <ChannelDesk channel={channel} name={name} isNamed={isNamed} session={session} />
      {others.length > 0 && <p class="quiet">Also on {others.map((each) => each.name).join(", ")}.</p>}
      {channel.publishable.map((event) => (
        <PublishForm
          key={shownType(event)}
          desk={desk}
          endpoint={endpoint}
          channel={channel}
          event={event}
          name={name}
        />
      ))}
      {channel.events.map((event) => (
        <MessageView key={shownType(event)} verb="Hear" message={event} />
      ))}
    </section>
  );
}

interface PublishProps extends ChannelProps {
  readonly event: MessageDoc;
  /** Of the channel that it is published to. */
  readonly name: string;
}

function PublishForm({ desk, endpoint, channel, event, name }: PublishProps): JSX.Element {
  return (
    <details class="message">
      <summary>
        <span class="verb">Publish</span> <code>{shownType(event)}</code>
      </summary>
      <div class="details">
        <MessageForm
          state={desk.messageOf(endpoint, event, channel.pattern)}
          session={desk.speaker.value}
          wrap={(type, payload) => ({ type: "publish", payload: { channel: name, type, payload } })}
          verb={`Publish ${shownType(event)}`}
        />
      </div>
    </details>
  );
}

/** Where on the page a channel is. */
export function channelAnchor(pattern: string): string {
  return `channel-${encodeURIComponent(pattern)}`;
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
  return session?.book.standings.filter(({ name, isOn }) => isOn && paramsIn(pattern, name) !== undefined) ?? [];
}

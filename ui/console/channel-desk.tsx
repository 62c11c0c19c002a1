import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { pluralText } from "../shared/quantity.js";
import { Tick } from "../shared/tick.js";
import type { ChannelDoc } from "./api.js";
import type { Standing } from "./channel-book.js";
import { HistoryTable } from "./history-table.js";
import type { Answer, Session } from "./session.js";
import { StandingView } from "./standing-view.js";

interface ChannelDeskProps {
  readonly channel: ChannelDoc;
  readonly name: string;
  readonly isNamed: boolean;
  readonly session: Session | undefined;
}

/** Subscribes to one channel, asks about it, and leaves it. */
export function ChannelDesk({ channel, name, isNamed, session }: ChannelDeskProps): JSX.Element {
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
      {mayAsk && !isOn && <SubscribeOptions channel={channel} rewind={rewind} withPresence={withPresence} />}
      <div class="row">
        {mayAsk && !isOn && (
          <button type="button" disabled={!isOpen || !isNamed} onClick={() => void subscribe()}>
            Subscribe
          </button>
        )}
        {!mayAsk && !isOn && <p class="quiet">Clients don't subscribe to it: the server puts them on it.</p>}
        {isOn && <Questions channel={channel} standing={standing} onAsk={(type, more) => void ask(type, more)} />}
        {!isOpen && mayAsk && <small>Connect first.</small>}
      </div>
      {standing !== undefined && <StandingView standing={standing} isOn={isOn} hasHistory={channel.history !== null} />}
      <AskedView answer={answer.value} />
    </>
  );
}

interface OptionsProps {
  readonly channel: ChannelDoc;
  readonly rewind: Signal<string>;
  readonly withPresence: Signal<boolean>;
}

function SubscribeOptions({ channel, rewind, withPresence }: OptionsProps): JSX.Element {
  return (
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
        <Tick
          label="and who is here"
          isOn={withPresence.value}
          onChange={(isOn) => {
            withPresence.value = isOn;
          }}
        />
      )}
    </div>
  );
}

interface QuestionsProps {
  readonly channel: ChannelDoc;
  readonly standing: Standing;
  readonly onAsk: (type: string, more?: object) => void;
}

/** What one who is on it can ask. */
function Questions({ channel, standing, onAsk }: QuestionsProps): JSX.Element {
  return (
    <>
      <button type="button" class="quiet" onClick={() => onAsk("unsubscribe")}>
        Unsubscribe
      </button>
      {channel.presence && standing.members === undefined && (
        <button type="button" class="quiet" onClick={() => onAsk("presence", { watch: true })}>
          Watch who is here
        </button>
      )}
      {channel.history !== null && (
        <button type="button" class="quiet" onClick={() => onAsk("history", { limit: 50 })}>
          History
        </button>
      )}
    </>
  );
}

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
          <HistoryTable events={events} />
        </details>
      )}
    </div>
  );
}

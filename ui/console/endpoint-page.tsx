import type { JSX } from "preact";
import { bytesText, durationText } from "../shared/quantity.js";
import { type EndpointDoc, shownType } from "./api.js";
import { ChannelCard } from "./channel-card.js";
import { ConnectForm } from "./connect-form.js";
import { credentialWords } from "./credential-words.js";
import type { Desk } from "./desk.js";
import { MessageForm } from "./message-form.js";
import { MessageView } from "./message-view.js";
import { RawForm } from "./raw-form.js";
import { SnippetCard } from "./snippet-card.js";
import { Words } from "./words.js";

/** One endpoint: what it is, a way in, and all that can be said and heard there. */
export function EndpointPage({ desk, endpoint }: { readonly desk: Desk; readonly endpoint: EndpointDoc }): JSX.Element {
  const isRaw = endpoint.kind === "frames";
  return (
    <div class="stack">
      <header class="stack">
        <h1 class="code" id="endpoint" tabIndex={-1}>
          {endpoint.path}
        </h1>
        <Words text={endpoint.summary} />
        <Words text={endpoint.description} />
        <p class="row">
          <span class="badge">{isRaw ? "frames as they are" : "messages"}</span>
          {endpoint.isOpenToAll && (
            <span class="badge" data-tone="good">
              open to all
            </span>
          )}
          <small>{credentialWords(endpoint.credentials)}</small>
        </p>
      </header>
      <section class="card stack" aria-labelledby="connect-title">
        <h2 id="connect-title">Connect</h2>
        <ConnectForm desk={desk} endpoint={endpoint} />
      </section>
      {isRaw ? <Frames desk={desk} /> : <Messages desk={desk} endpoint={endpoint} />}
      {endpoint.channels.length > 0 && (
        <section class="stack" aria-labelledby="channels-title">
          <h2 id="channels-title">Channels</h2>
          {endpoint.channels.map((channel) => (
            <ChannelCard key={channel.pattern} desk={desk} endpoint={endpoint} channel={channel} />
          ))}
        </section>
      )}
      <SnippetCard desk={desk} endpoint={endpoint} />
      <Limits endpoint={endpoint} />
    </div>
  );
}

function Frames({ desk }: { readonly desk: Desk }): JSX.Element {
  return (
    <section class="card" aria-label="Frames">
      <RawForm session={desk.speaker.value} initial="hello" />
    </section>
  );
}

function Messages({ desk, endpoint }: { readonly desk: Desk; readonly endpoint: EndpointDoc }): JSX.Element {
  const session = desk.speaker.value;
  return (
    <section class="card stack" aria-labelledby="messages-title">
      <div class="head">
        <h2 id="messages-title">Messages</h2>
        {session !== undefined && session.status.value === "open" && (
          <small>
            said by connection {session.number}, {session.name.value}
          </small>
        )}
      </div>
      {endpoint.says.map((message, index) => (
        <details key={shownType(message)} class="message" open={index === 0}>
          <summary>
            <span class="verb">Say</span> <code>{shownType(message)}</code>{" "}
            <Words small text={message.summary ?? message.title} />
          </summary>
          <div class="details stack">
            <Words text={message.description} />
            <MessageForm
              state={desk.messageOf(endpoint, message)}
              session={session}
              verb={`Send ${shownType(message)}`}
            />
            {message.reply !== undefined && (
              <details>
                <summary>Schema of the reply</summary>
                <pre class="sample">{JSON.stringify(message.reply, null, 2)}</pre>
              </details>
            )}
          </div>
        </details>
      ))}
      {endpoint.hears.map((message) => (
        <MessageView key={shownType(message)} verb="Hear" message={message} />
      ))}
      <details class="message">
        <summary>
          <span class="verb">Say</span> anything <small>A frame as it is: no message need it be.</small>
        </summary>
        <div class="details">
          <RawForm session={session} initial={'{"type":"ping"}'} />
        </div>
      </details>
    </section>
  );
}

function Limits({ endpoint: { limits, refuse, closeCodes, kind } }: { readonly endpoint: EndpointDoc }): JSX.Element {
  const rate = ({ count, windowMs }: { readonly count: number; readonly windowMs: number }) =>
    `${count} in ${durationText(windowMs)}`;
  const codes = Object.entries(closeCodes).map(([reason, code]) => `${reason} ${code}`);
  return (
    <details class="card">
      <summary>Limits</summary>
      <dl class="facts details">
        <dt>A message</dt>
        <dd>{bytesText(limits.messageSize)}</dd>
        <dt>Messages</dt>
        <dd>{rate(limits.messages)}</dd>
        {limits.messagesPerUser !== undefined && (
          <>
            <dt>Of a user</dt>
            <dd>{rate(limits.messagesPerUser)}</dd>
          </>
        )}
        {kind === "messages" && (
          <>
            <dt>Channels</dt>
            <dd>{limits.channels}</dd>
          </>
        )}
        <dt>Connections of a user</dt>
        <dd>{limits.connectionsPerUser}</dd>
        <dt>Heartbeat</dt>
        <dd>
          {durationText(limits.heartbeat)}, and {durationText(limits.pong)} for the answer
        </dd>
        <dt>Plain clients are refused</dt>
        <dd>{refuse === "http" ? "by an HTTP status" : "by a close code"}</dd>
        {codes.length > 0 && (
          <>
            <dt>Its own close codes</dt>
            <dd>{codes.join(", ")}</dd>
          </>
        )}
      </dl>
    </details>
  );
}

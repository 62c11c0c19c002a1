import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Api, EndpointDoc } from "./api.js";
import type { Desk } from "./desk.js";
import { Words } from "./words.js";

/** The endpoints and the channels, to choose from. */
export function EndpointList({ desk }: { readonly desk: Desk }): JSX.Element {
  const words = useSignal("");
  const filter = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const seek = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      filter.current?.focus();
      filter.current?.select();
    };
    addEventListener("keydown", seek);
    return () => removeEventListener("keydown", seek);
  }, []);
  const { endpoints, channels } = found(desk.api, words.value);
  return (
    <nav class="list stack" aria-label="Endpoints and channels">
      {desk.api.description !== undefined && (
        <details>
          <summary>About</summary>
          <Words text={desk.api.description} />
        </details>
      )}
      <input
        ref={filter}
        type="search"
        aria-label="Filter endpoints"
        placeholder="Filter (Ctrl+K)"
        value={words.value}
        onInput={({ currentTarget }) => {
          words.value = currentTarget.value;
        }}
      />
      <div class="entries">
        <h2>Endpoints</h2>
        <ul>
          {endpoints.map((endpoint) => (
            <EndpointLink key={endpoint.key} endpoint={endpoint} isChosen={endpoint === desk.endpoint.value} />
          ))}
        </ul>
        {channels.length > 0 && <ChannelLinks channels={channels} />}
      </div>
      {endpoints.length + channels.length === 0 && <p class="quiet">None like that.</p>}
    </nav>
  );
}

interface Listed {
  readonly pattern: string;
  readonly endpoint: EndpointDoc;
}

function ChannelLinks({ channels }: { readonly channels: readonly Listed[] }): JSX.Element {
  return (
    <>
      <h2>Channels</h2>
      <ul>
        {channels.map(({ pattern, endpoint }) => (
          <li key={pattern}>
            <a class="code" href={`#/${endpoint.key}?${encodeURIComponent(pattern)}`}>
              {pattern}
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

function EndpointLink({
  endpoint,
  isChosen,
}: {
  readonly endpoint: EndpointDoc;
  readonly isChosen: boolean;
}): JSX.Element {
  return (
    <li>
      <a href={`#/${endpoint.key}`} aria-current={isChosen ? "page" : undefined}>
        <span class="code">{endpoint.path}</span>
        {endpoint.summary !== undefined && <small>{endpoint.summary}</small>}
      </a>
    </li>
  );
}

/** By path, summary, message and channel. A channel leads to the first endpoint that lists it, one that speaks of it first. */
function found(api: Api, words: string): { endpoints: EndpointDoc[]; channels: Listed[] } {
  const sought = words.toLowerCase().split(/\s+/);
  const matches = (...texts: readonly (string | undefined)[]) => {
    const all = texts.join(" ").toLowerCase();
    return sought.every((word) => all.includes(word));
  };
  const endpoints = api.endpoints.filter(({ path, summary, says }) =>
    matches(path, summary, ...says.map(({ type }) => type)),
  );
  const channels = [...api.channels.values()].flatMap((channel) => {
    const listing = api.endpoints.filter((endpoint) => endpoint.channels.includes(channel));
    const endpoint = listing.toSorted((a, b) => b.channels.length - a.channels.length)[0];
    const isMeant = matches(channel.pattern, channel.summary, ...channel.events.map(({ type }) => type));
    return endpoint !== undefined && isMeant ? [{ pattern: channel.pattern, endpoint }] : [];
  });
  return { endpoints, channels };
}

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Api, EndpointDoc } from "./api.js";
import { channelAnchor } from "./channel-card.js";
import type { Desk } from "./desk.js";
import { writeRoute } from "./route.js";
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
  const list = useRef<HTMLElement>(null);
  const chosen = desk.endpoint.value;
  useLayoutEffect(() => {
    if (chosen !== undefined) reveal(list.current);
  }, [chosen]);
  const { endpoints, channels } = found(desk.api, words.value);
  const pressed = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "Enter") open(desk, endpoints[0] ?? channels[0]);
    else if (event.key === "ArrowDown") list.current?.querySelector<HTMLElement>("a")?.focus();
    else return;
    event.preventDefault();
  };
  return (
    <nav class="list stack" aria-label="Endpoints and channels" ref={list}>
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
        title="Enter opens the first"
        value={words.value}
        onInput={({ currentTarget }) => {
          words.value = currentTarget.value;
        }}
        onKeyDown={pressed}
      />
      <div class="entries">
        <h2>Endpoints</h2>
        <ul>
          {endpoints.map((endpoint) => (
            <EndpointLink key={endpoint.key} endpoint={endpoint} isChosen={endpoint === chosen} />
          ))}
        </ul>
        {channels.length > 0 && <ChannelLinks channels={channels} />}
      </div>
      {endpoints.length + channels.length === 0 && <p class="quiet">None like that.</p>}
    </nav>
  );
}

/** Brings the chosen one into sight within what scrolls around it; the page itself stays where it is. */
function reveal(list: HTMLElement | null): void {
  const link = list?.querySelector("[aria-current]");
  for (let each = link?.parentElement; each != null; each = each === list ? null : each.parentElement) {
    if (link == null || !/auto|scroll/.test(getComputedStyle(each).overflowY)) continue;
    const [inner, outer] = [link.getBoundingClientRect(), each.getBoundingClientRect()];
    if (inner.top < outer.top) each.scrollTop -= outer.top - inner.top;
    else if (inner.bottom > outer.bottom) each.scrollTop += inner.bottom - outer.bottom;
  }
}

/** Goes there, and so does the keyboard: to its heading. */
function open(desk: Desk, found: EndpointDoc | Listed | undefined): void {
  if (found === undefined) return;
  const [endpoint, pattern] = "endpoint" in found ? [found.endpoint, found.pattern] : [found];
  location.hash = writeRoute(endpoint.key, pattern);
  desk.choose(endpoint.key);
  const anchor = pattern === undefined ? "endpoint" : channelAnchor(pattern);
  requestAnimationFrame(() => document.getElementById(anchor)?.focus());
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
            <a class="code" href={writeRoute(endpoint.key, pattern)}>
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
      <a href={writeRoute(endpoint.key)} aria-current={isChosen ? "page" : undefined}>
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

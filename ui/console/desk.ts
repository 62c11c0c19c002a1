import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Api, type EndpointDoc, type MessageDoc, pagePlacesOf, shownType } from "./api.js";
import { dialOf, type Entry, placesFor, serversFor } from "./dial.js";
import { blankDraft, type Draft, readForm } from "./draft.js";
import { MessageState } from "./message-state.js";
import { Session, type Surroundings } from "./session.js";
import type { TokenShelf } from "./token-shelf.js";

/** Connections that are shown at once; the oldest that is closed makes room. */
const MOST_SESSIONS = 12;

/** What the fields of an endpoint hold. */
export interface EntryState {
  readonly server: Signal<string>;
  readonly params: Signal<Readonly<Record<string, string>>>;
  readonly query: Signal<Readonly<Record<string, { readonly isGiven: boolean; readonly draft: Draft }>>>;
  readonly speaks: Signal<Entry["speaks"]>;
  readonly subprotocol: Signal<string | undefined>;
  readonly token: Signal<string>;
  readonly place: Signal<Entry["place"]>;
}

/** All that the console holds: what is chosen, what is written, who is connected. */
export class Desk {
  readonly api: Api;
  readonly servers: readonly string[];
  readonly shelf: TokenShelf;
  readonly endpoint: Signal<EndpointDoc | undefined>;
  readonly sessions: Signal<readonly Session[]> = signal([]);
  readonly active: Signal<Session | undefined> = signal(undefined);
  readonly isSideBySide: Signal<boolean> = signal(false);
  /** What is wrong, that no field is to blame for. */
  readonly problem: Signal<string | undefined> = signal(undefined);
  readonly #surroundings: Surroundings;
  readonly #entries = new Map<string, EntryState>();
  readonly #messages = new Map<string, MessageState>();
  #lastNumber = 0;

  constructor(api: Api, page: URL, shelf: TokenShelf, surroundings: Surroundings) {
    this.api = api;
    this.servers = serversFor(api.servers, page);
    this.shelf = shelf;
    this.endpoint = signal(api.endpoints[0]);
    this.#surroundings = surroundings;
  }

  /** The connection that speaks at the endpoint that is shown: the active one, or the last. */
  readonly speaker: ReadonlySignal<Session | undefined> = computed(() => {
    const here = this.sessions.value.filter((session) => session.endpoint === this.endpoint.value);
    const active = this.active.value;
    if (active !== undefined && here.includes(active)) return active;
    return here.findLast((session) => session.status.value === "open") ?? here.at(-1);
  });

  /** Nothing stands for the first. */
  choose(key: string): void {
    const endpoint = key === "" ? this.api.endpoints[0] : this.api.endpoints.find((each) => each.key === key);
    if (endpoint !== undefined) this.endpoint.value = endpoint;
  }

  /** Who comes by a link with a token means that one. */
  adoptToken(token: string): void {
    this.shelf.keep(token);
    for (const entry of this.#entries.values()) entry.token.value = token;
  }

  /** What its fields hold, and go on holding while others are looked at. */
  entryOf(endpoint: EndpointDoc): EntryState {
    const known = this.#entries.get(endpoint.key);
    if (known !== undefined) return known;
    const made = this.#blankEntry(endpoint);
    this.#entries.set(endpoint.key, made);
    return made;
  }

  messageOf(endpoint: EndpointDoc, doc: MessageDoc, channel = ""): MessageState {
    const key = JSON.stringify([endpoint.key, channel, shownType(doc)]);
    const known = this.#messages.get(key);
    if (known !== undefined) return known;
    const made = new MessageState(doc);
    this.#messages.set(key, made);
    return made;
  }

  connect(endpoint: EndpointDoc, entry: Entry): Session | undefined {
    this.problem.value = undefined;
    const kept = this.#withRoom(endpoint);
    if (kept === undefined) {
      this.problem.value = `There are ${MOST_SESSIONS} connections: close one of them.`;
      return undefined;
    }
    try {
      const number = this.#lastNumber + 1;
      const session = new Session(number, endpoint, entry, dialOf(endpoint, entry), this.#surroundings);
      this.#lastNumber = number;
      if (entry.token !== "") this.shelf.keep(entry.token);
      this.sessions.value = [...kept, session];
      this.active.value = session;
      return session;
    } catch (error) {
      // Of a browser: an address that is none, or one that a page of https may not dial.
      this.problem.value = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  }

  forget(session: Session): void {
    session.close();
    const left = this.sessions.value.filter((each) => each !== session);
    this.sessions.value = left;
    if (this.active.value === session) this.active.value = left.at(-1);
  }

  /** A refusal makes room for the next try at the same endpoint. */
  #withRoom(endpoint: EndpointDoc): readonly Session[] | undefined {
    const sessions = this.sessions.value.filter(
      (session) => session.endpoint !== endpoint || session.end.value?.wasOpen !== false,
    );
    if (sessions.length < MOST_SESSIONS) return sessions;
    const closed = sessions.find((session) => session.status.value === "closed");
    return closed && sessions.filter((session) => session !== closed);
  }

  #blankEntry(endpoint: EndpointDoc): EntryState {
    const [place] = pagePlacesOf(endpoint);
    return {
      server: signal(this.servers[0] ?? ""),
      params: signal(Object.fromEntries(endpoint.params.map(({ name, initial }) => [name, initial]))),
      query: signal(
        Object.fromEntries(
          endpoint.query.map(({ name, field, isRequired }) => [
            name,
            { isGiven: isRequired, draft: blankDraft(field) },
          ]),
        ),
      ),
      speaks: signal("tidings.v1"),
      subprotocol: signal(undefined),
      token: signal(place === undefined ? "" : this.shelf.last),
      place: signal(place),
    };
  }
}

/** What the fields say, to dial with. */
export function readEntry(endpoint: EndpointDoc, state: EntryState): Entry {
  const speaks = state.speaks.value;
  const subprotocol = state.subprotocol.value;
  const places = placesFor(pagePlacesOf(endpoint), { speaks, subprotocol });
  const chosen = state.place.value;
  const query = endpoint.query.flatMap(({ name, field }) => {
    const given = state.query.value[name];
    if (given === undefined || !given.isGiven) return [];
    const { value } = readForm(field, given.draft);
    return value === undefined ? [] : [[name, typeof value === "string" ? value : JSON.stringify(value)] as const];
  });
  return {
    server: state.server.value,
    params: state.params.value,
    query: Object.fromEntries(query),
    speaks,
    subprotocol,
    token: places.length === 0 ? "" : state.token.value.trim(),
    place: chosen !== undefined && places.includes(chosen) ? chosen : places[0],
  };
}

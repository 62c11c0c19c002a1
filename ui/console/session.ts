import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { EndpointDoc } from "./api.js";
import { hexOf } from "./bytes.js";
import { ChannelBook, type Heard } from "./channel-book.js";
import type { Dial, Entry } from "./dial.js";
import { type Ended, type Ending, endingOf } from "./ending.js";
import { FrameLog, type NewFrame } from "./frame-log.js";
import { asMessage, channelOf, previewOf, withoutToken } from "./message-text.js";

/** Of a browser's WebSocket what is made use of. */
export interface Socket {
  binaryType: string;
  readonly protocol: string;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}

export interface Surroundings {
  open(url: string, protocols: readonly string[]): Socket;
  now(): number;
  /** Runs it once, before the page is shown anew. */
  nextFrame(run: () => void): void;
  /** Called when a server has taken a WebSocket, whatever it says then. */
  reached(): void;
}

/** `entering`: there is a WebSocket, and the server has not said yet that we may come in. */
export type SessionStatus = "connecting" | "entering" | "open" | "closing" | "closed";

export interface SessionEnd extends Ended, Ending {
  readonly atMs: number;
  /** Had it been let in? Otherwise it is a refusal. */
  readonly wasOpen: boolean;
}

/** What a message was answered. */
export interface Answer {
  /** Undefined where the connection was lost before. */
  readonly message: Heard | undefined;
  readonly tookMs: number;
}

/** Messages that may wait for their answers. */
const MOST_WAITING = 1_000;
/** Bytes of a binary frame that are shown. */
const MOST_SHOWN = 65_536;

/** One connection of the console, and what has been on its wire. It speaks by itself only what the protocol demands. */
export class Session {
  readonly number: number;
  readonly endpoint: EndpointDoc;
  readonly entry: Entry;
  readonly dial: Dial;
  readonly log: FrameLog = new FrameLog();
  readonly book: ChannelBook = new ChannelBook();
  readonly user: Signal<string | undefined> = signal(undefined);
  readonly openedAtMs: Signal<number | undefined> = signal(undefined);
  readonly end: Signal<SessionEnd | undefined> = signal(undefined);
  /** An error that no `id` tied to a message. */
  readonly looseError: Signal<Heard | undefined> = signal(undefined);
  /** Changes after `log` or `book` did, once a frame at most. */
  readonly version: Signal<number> = signal(0);
  readonly #status: Signal<SessionStatus> = signal("connecting");
  readonly #surroundings: Surroundings;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, { readonly sentAtMs: number; readonly resolve: (answer: Answer) => void }>();
  #lastId = 0;
  #isFrameAsked = false;

  constructor(number: number, endpoint: EndpointDoc, entry: Entry, dial: Dial, surroundings: Surroundings) {
    this.number = number;
    this.endpoint = endpoint;
    this.entry = entry;
    this.dial = dial;
    this.#surroundings = surroundings;
    this.#note(`Dialling ${dial.shownUrl}`);
    this.#socket = surroundings.open(dial.url, dial.protocols);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => this.#opened();
    this.#socket.onmessage = ({ data }) => this.#arrived(data);
    this.#socket.onclose = (closed) => this.#closed(closed);
  }

  get status(): ReadonlySignal<SessionStatus> {
    return this.#status;
  }

  /** Who it is, in a word: its user, or its number alone. */
  readonly name: ReadonlySignal<string> = computed(() => this.user.value ?? `#${this.number}`);

  /** With an id the promise is of the answer; it never rejects. */
  say(type: string, payload: unknown, { withId }: { readonly withId: boolean }): Promise<Answer> | undefined {
    if (!withId || this.#waiting.size >= MOST_WAITING) {
      this.sendText(JSON.stringify({ type, payload }));
      return undefined;
    }
    this.#lastId += 1;
    const id = this.#lastId;
    const sentAtMs = this.#surroundings.now();
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, { sentAtMs, resolve }));
    this.sendText(JSON.stringify({ type, payload, id }));
    return answer;
  }

  sendText(text: string): void {
    this.#socket.send(text);
    const shown = withoutToken(text);
    this.#logText("out", shown, asMessage(shown), text);
  }

  sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.#socket.send(bytes);
    this.#logBytes("out", bytes);
  }

  close(): void {
    const status = this.#status.peek();
    if (status === "closed" || status === "closing") return;
    this.#status.value = "closing";
    this.#socket.close(1000);
  }

  clearLog(): void {
    this.log.clear();
    this.#changed();
  }

  #opened(): void {
    const { speaks, token } = this.dial;
    this.#surroundings.reached();
    const isRaw = this.endpoint.kind === "frames";
    this.#note(this.#socket.protocol === "" ? "Connected" : `Connected, and speaks ${this.#socket.protocol}`);
    if (this.#status.peek() === "closing") return;
    this.#status.value = "entering";
    if (speaks === "tidings.v1" && !isRaw) this.sendText(JSON.stringify({ type: "connect", payload: { token } }));
    else if (token !== undefined) this.sendText(JSON.stringify({ type: "auth", payload: { token } }));
    else this.#letIn();
  }

  #letIn(): void {
    if (this.#status.peek() !== "entering") return;
    this.openedAtMs.value = this.#surroundings.now();
    this.#status.value = "open";
  }

  #arrived(data: unknown): void {
    if (data instanceof ArrayBuffer) this.#logBytes("in", new Uint8Array(data));
    else this.#arrivedText(String(data));
  }

  #arrivedText(text: string): void {
    const message = this.endpoint.kind === "messages" ? asMessage(text) : undefined;
    this.#logText("in", text, message);
    if (message !== undefined) this.#hear(message);
  }

  #hear(message: Heard): void {
    const { type, payload, id } = message;
    if (type === "ping") this.sendText('{"type":"pong"}');
    if (type === "connected" || type === "auth_success") {
      const user: unknown = Object(Object(payload).user).id;
      this.user.value = typeof user === "string" ? user : this.user.peek();
      this.#letIn();
    }
    this.book.hear(message, this.#surroundings.now());
    const waiting = typeof id === "number" ? this.#waiting.get(id) : undefined;
    if (waiting === undefined) {
      if (type === "error") this.looseError.value = message;
      return;
    }
    this.#waiting.delete(Number(id));
    waiting.resolve({ message, tookMs: this.#surroundings.now() - waiting.sentAtMs });
  }

  #closed({ code, reason }: Ended): void {
    const atMs = this.#surroundings.now();
    const wasOpen = this.openedAtMs.peek() !== undefined && !this.#wasRefused(code, reason);
    const ending = endingOf({ code, reason }, wasOpen, { ...this.entry, ...this.endpoint });
    this.#note(`Closed with ${ending.label}`);
    this.#status.value = "closed";
    this.end.value = { code, reason, atMs, wasOpen, ...ending };
    for (const { sentAtMs, resolve } of this.#waiting.values())
      resolve({ message: undefined, tookMs: atMs - sentAtMs });
    this.#waiting.clear();
  }

  /** Where nothing says that it is let in, a close at once with a reason is a refusal. */
  #wasRefused(code: number, reason: string): boolean {
    const isTold = this.dial.speaks === "tidings.v1" && this.endpoint.kind === "messages";
    return !isTold && code !== 1000 && reason !== "" && this.log.total <= 2;
  }

  /** @param onWire what it was, where not all of it is shown */
  #logText(direction: "in" | "out", text: string, message: Heard | undefined, onWire = text): void {
    const { type = "text", id } = message ?? {};
    const channel = message && channelOf(message);
    const preview = message === undefined ? text : previewOf(text, message);
    const bytes = new TextEncoder().encode(onWire).byteLength;
    const idShown = typeof id === "string" || typeof id === "number" ? id : undefined;
    this.#push({ direction, type, channel, id: idShown, bytes, preview, text });
  }

  #logBytes(direction: "in" | "out", given: Uint8Array): void {
    const more = given.byteLength > MOST_SHOWN ? " …" : "";
    const text = hexOf(given.subarray(0, MOST_SHOWN)) + more;
    const bytes = given.byteLength;
    this.#push({ direction, type: "binary", channel: undefined, id: undefined, bytes, preview: text, text });
  }

  #note(text: string): void {
    this.#push({ direction: "note", type: "note", channel: undefined, id: undefined, bytes: 0, preview: text, text });
  }

  #push(frame: Omit<NewFrame, "atMs">): void {
    this.log.push({ ...frame, preview: frame.preview.slice(0, 200), atMs: this.#surroundings.now() });
    this.#changed();
  }

  #changed(): void {
    if (this.#isFrameAsked) return;
    this.#isFrameAsked = true;
    this.#surroundings.nextFrame(() => {
      this.#isFrameAsked = false;
      this.version.value += 1;
    });
  }
}

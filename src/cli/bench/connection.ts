import { type ClientOptions, type RawData, WebSocket } from "ws";
import type { Plan } from "./plan.js";
import { codeOf, parseObject } from "./probe.js";
import type { Tally } from "./tally.js";
import type { Target } from "./target.js";

/** Messages of one connection that have no answer yet, and bytes that its socket has not taken: past either nothing is said. */
const MOST_WAITING = 1_000;
const MOST_BYTES_WAITING = 4 * 1_048_576;
/** How long a handshake may take, and what is said first. */
const PATIENCE_MS = 10_000;
/** How long a server has to answer a close. */
const CLOSE_MS = 2_000;
const MOST_REFUSAL_BYTES = 4_096;

/** One connection to the server that is loaded. */
export class BenchConnection {
  readonly #socket: WebSocket;
  readonly #plan: Plan;
  readonly #tally: Tally;
  /** When each message without an answer was due, by its number. The oldest comes first. */
  readonly #waiting = new Map<number, number>();
  /** What was said first and asks for an answer: the number of its channel. */
  readonly #asked: Set<string>;
  #isOpen = false;
  #isEnding = false;
  #opened: () => void = () => {};
  #failed: (reason: string) => void = () => {};

  /** Resolves when all that is said first is answered. Rejects with why it is not. */
  readonly opened: Promise<void>;

  constructor(target: Target, plan: Plan, tally: Tally, number: number) {
    const token = plan.tokens[number % Math.max(1, plan.tokens.length)];
    this.#plan = plan;
    this.#tally = tally;
    this.#asked = new Set(plan.channels.map((_, index) => `${FIRST}${index}`));
    const socket = new WebSocket(target.url, [...plan.subprotocols], {
      ...SETTINGS,
      lookup: target.lookup,
      headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...plan.headers },
    });
    this.#socket = socket;
    const timer = setTimeout(() => this.#fail(`no answer within ${PATIENCE_MS / 1_000} s`), PATIENCE_MS);
    this.opened = new Promise((resolve, reject) => {
      this.#opened = resolve;
      this.#failed = (reason) => reject(new Error(reason));
    });
    this.opened.finally(() => clearTimeout(timer)).catch(() => {}); // whoever awaits it is told
    socket.on("open", () => this.#sayFirst(token));
    socket.on("message", (data: RawData) => this.#hear("message", data as Buffer)); // as `nodebuffer` has it
    socket.on("pong", (data) => this.#hear("pong", data));
    socket.on("unexpected-response", (request, response) => {
      let body = Buffer.alloc(0);
      response.on("data", (chunk: Buffer) => {
        body = Buffer.concat([body, chunk]);
        if (body.length > MOST_REFUSAL_BYTES) request.destroy();
      });
      response.on("error", () => {}); // its close follows
      response.on("close", () => {
        const code = codeOf(parseObject(body));
        this.#fail(`HTTP ${response.statusCode}${code === "error" ? "" : ` ${code}`}`);
      });
    });
    socket.on("error", (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
    socket.on("close", (code, reason) => this.#end(`${code} ${reason.toString()}`.trim()));
  }

  /** Says the `n`th message, if it may: `dueAt` counts as when it was said. */
  say(n: number, dueAt: number): void {
    const { probe } = this.#plan;
    const isFull = this.#waiting.size >= MOST_WAITING || this.#socket.bufferedAmount > MOST_BYTES_WAITING;
    if (!this.#isOpen || isFull) {
      this.#tally.held += 1;
      return;
    }
    probe.say(this.#socket, n);
    this.#tally.sent += 1;
    if (!probe.isAnswered) return;
    this.#waiting.set(n, dueAt);
    this.#tally.waiting += 1;
  }

  /** Where it is not open yet, it fails with this. */
  giveUp(reason: string): void {
    if (!this.#isOpen) this.#fail(reason);
  }

  /** Resolves when it is closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.readyState === WebSocket.CLOSED) resolve();
      this.#isEnding = true;
      this.#socket.once("close", () => resolve());
      this.#socket.close(1000);
    });
  }

  #sayFirst(token: string | undefined): void {
    for (const text of this.#plan.first) this.#socket.send(text.replaceAll("{token}", token ?? ""));
    for (const [index, channel] of this.#plan.channels.entries()) {
      this.#socket.send(JSON.stringify({ type: "subscribe", payload: { channel }, id: `${FIRST}${index}` }));
    }
    this.#openWhenAnswered();
  }

  #hear(kind: "pong" | "message", data: Buffer): void {
    if (kind === "message") this.#tally.hear(data.length);
    if (!this.#isOpen) {
      if (this.#asked.size > 0 && data.includes(FIRST)) this.#hearFirst(data);
      return;
    }
    const answer = this.#plan.probe.answerIn({ kind, data });
    if (answer === undefined) return;
    const to = answer.to === "the oldest" ? this.#waiting.keys().next().value : answer.to;
    const dueAt = to === undefined ? undefined : this.#waiting.get(to);
    if (to === undefined || dueAt === undefined) return;
    this.#waiting.delete(to);
    this.#tally.answer(performance.now() - dueAt, answer.code);
  }

  #hearFirst(data: Buffer): void {
    const { id, type, payload } = parseObject(data);
    if (typeof id !== "string" || !this.#asked.delete(id)) return;
    if (type === "error") this.#fail(`subscribe: ${codeOf(payload)}`);
    else this.#openWhenAnswered();
  }

  #openWhenAnswered(): void {
    if (this.#asked.size > 0) return;
    this.#isOpen = true;
    this.#opened();
  }

  #fail(reason: string): void {
    this.#failed(reason);
    this.#socket.terminate();
  }

  #end(how: string): void {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#tally.lose(this.#waiting.size);
    this.#waiting.clear();
    if (wasOpen && !this.#isEnding) this.#tally.lost.add(how);
    this.#failed(how);
  }
}

const FIRST = "bench-first-";

const SETTINGS: ClientOptions & { readonly closeTimeout: number } = {
  closeTimeout: CLOSE_MS, // its types do not know it
  handshakeTimeout: PATIENCE_MS,
  perMessageDeflate: false,
  followRedirects: false,
  // As much as may be said: what comes is counted, and not kept.
  maxPayload: 16 * 1_048_576,
  // It costs, and nobody reads the texts.
  skipUTF8Validation: true,
};

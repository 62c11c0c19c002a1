import type { Timer } from "../base/clock.js";
import type { Closed } from "../declare/closed.js";
import { tidingsV1 } from "../protocol/subprotocol.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { ConnectOptions, Status } from "./client.js";
import { asError, numberOf, parseServerMessage, type ServerMessage } from "./message.js";
import { Redial } from "./redial.js";
import type { Socket, Surroundings } from "./surroundings.js";

/** Beside the heartbeat's time, how long it may be silent. */
const PATIENCE_MS = 10_000;
const DEFAULT_HEARTBEAT_MS = 30_000;
/** When the network has changed, it has so long to show that it is still there. */
const PROBE_MS = 5_000;
/** A token is renewed when this part of its time is over. */
const RENEWED_AT = 0.9;
const SHORTEST_RENEWAL_MS = 1_000;
/** What a timer can hold. */
const LONGEST_MS = 2 ** 31 - 1;

/** What the line is for. */
export interface LineHost {
  /** Where it stood on the channels that the server had put it on; undefined: on none. */
  since(): object | undefined;
  /** The server has said `connected`: what waits may be said. */
  opened(connected: ServerMessage): void;
  hear(message: ServerMessage): void;
  /** What was said and has no answer will have none. */
  lost(): void;
  status(status: Status, why: Closed | undefined): void;
  error(error: TidingsError): void;
}

export interface LineOptions extends Pick<ConnectOptions, "token"> {
  readonly url: string;
  readonly timeoutMs: number;
  readonly retryOn: readonly number[];
  readonly surroundings: Surroundings;
  readonly host: LineHost;
}

/**
 * The connection to a server, as it comes and goes:
 *
 *     connecting → open → waiting → connecting …            → closed
 *
 * What it does at any time is one of: ask for a token and dial, watch whether the server is still there, wait.
 */
export class Line {
  status: Status = "connecting";
  /** When it dials again, in milliseconds since 1970; undefined where it does not wait. */
  retryAtMs: number | undefined;
  readonly #options: LineOptions;
  readonly #redial: Redial;
  readonly #forgetNetwork: (() => void) | undefined;
  #socket: Socket | undefined;
  /** What an earlier one still says is not heard. */
  #attempt = 0;
  #timer: Timer | undefined;
  #renewal: Timer | undefined;
  #heardMs = 0;
  #patienceMs = 0;

  constructor(options: LineOptions) {
    this.#options = options;
    const { surroundings, retryOn } = options;
    this.#redial = new Redial(surroundings.random, retryOn);
    this.#forgetNetwork = surroundings.onNetwork?.((isThere) => {
      if (this.status === "open") this.#probe();
      else if (isThere) this.reconnect();
    });
  }

  /** Asks for a token, dials, and says `connect`. Nothing of it happens within this call. */
  dial(): void {
    this.#attempt += 1;
    this.retryAtMs = undefined;
    this.#setTimer(this.#options.timeoutMs, () => this.#lose({ code: 1006, reason: "timeout" }));
    this.#become("connecting");
    void this.#dialOnce(this.#attempt);
  }

  /** Where it waits to dial again, it does so now. */
  reconnect(): void {
    if (this.status === "waiting") this.dial();
  }

  /** Only where it is open. */
  say(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }

  close(code: number, reason: string): void {
    if (this.status === "closed") return;
    this.#drop(code, reason);
    this.#options.host.lost();
    this.#end({ code, reason });
  }

  /** Never rejects. */
  async #dialOnce(attempt: number): Promise<void> {
    const isOld = () => attempt !== this.#attempt;
    try {
      const token = await this.#askToken();
      if (isOld()) return;
      const { url, surroundings } = this.#options;
      const socket = await surroundings.open(url, token === undefined ? [tidingsV1] : [tidingsV1, bearer(token)]);
      socket.onerror = () => {}; // its `close` tells
      socket.onopen = () =>
        isOld() || this.say({ type: "connect", payload: { token, since: this.#options.host.since() } });
      socket.onmessage = ({ data }) => isOld() || this.#hear(data);
      socket.onclose = ({ code, reason }) => isOld() || this.#lose({ code, reason });
      if (isOld()) socket.close();
      else this.#socket = socket;
    } catch (cause) {
      if (isOld()) return;
      const error = asError("dial_failed", cause);
      this.#lose({ code: 1006, reason: error.code });
      this.#options.host.error(error);
    }
  }

  async #askToken(): Promise<string | undefined> {
    const { token } = this.#options;
    try {
      const given: unknown = typeof token === "function" ? await token() : token;
      if (given === undefined || given === null) return undefined;
      if (typeof given === "string" && given !== "") return given;
    } catch (cause) {
      throw asError("token_failed", cause);
    }
    throw new TidingsError("token_failed", "`token` gave what is no token: give a text, or undefined for none.");
  }

  #hear(frame: unknown): void {
    this.#heardMs = this.#options.surroundings.clock.elapsed();
    const message = parseServerMessage(frame);
    try {
      if (message === undefined) throw new TypeError("The server has sent a frame that is no message.");
      this.#take(message);
    } catch (cause) {
      this.#options.host.error(asError("invalid_message", cause));
    }
  }

  #take(message: ServerMessage): void {
    const { type, payload } = message;
    const { host } = this.#options;
    if (type === "ping") this.say({ type: "pong" });
    else if (type === "drain") this.#redial.drain(numberOf(payload.reconnectAfterMs) ?? 0);
    else if (type === "connected" && this.status === "connecting") {
      this.#open(message);
    } else if (this.status === "open") {
      if (type === "auth_success") this.#renewIn(payload.expiresInMs);
      host.hear(message);
    }
  }

  #open(connected: ServerMessage): void {
    const { surroundings, host } = this.#options;
    const { heartbeatMs, expiresInMs } = connected.payload;
    this.#redial.opened(surroundings.clock.elapsed());
    this.#patienceMs = (numberOf(heartbeatMs) ?? DEFAULT_HEARTBEAT_MS) + PATIENCE_MS;
    this.#watch();
    this.#renewIn(expiresInMs);
    this.status = "open";
    host.opened(connected);
    host.status("open", undefined);
  }

  /** Until it has been silent for too long. */
  #watch(): void {
    const silentMs = this.#options.surroundings.clock.elapsed() - this.#heardMs;
    this.#setTimer(this.#patienceMs - silentMs, () => {
      if (this.#options.surroundings.clock.elapsed() - this.#heardMs < this.#patienceMs) this.#watch();
      else this.#lose({ code: 1006, reason: "silent" });
    });
  }

  /** Is the server still there? Whatever it says tells so. */
  #probe(): void {
    this.say({ type: "ping" });
    this.#heardMs = Math.min(this.#heardMs, this.#options.surroundings.clock.elapsed() - this.#patienceMs + PROBE_MS);
    this.#watch();
  }

  #renewIn(expiresInMs: unknown): void {
    this.#renewal?.cancel();
    const leftMs = numberOf(expiresInMs);
    if (leftMs === undefined || typeof this.#options.token !== "function") return;
    const delayMs = Math.min(Math.max(leftMs * RENEWED_AT, SHORTEST_RENEWAL_MS), LONGEST_MS);
    this.#renewal = this.#options.surroundings.clock.after(delayMs, () => void this.#renew(this.#attempt));
  }

  /** With a token that is no better, or none, the server closes: then one is asked for again. Never rejects. */
  async #renew(attempt: number): Promise<void> {
    try {
      const token = await this.#askToken();
      if (attempt === this.#attempt) this.say({ type: "auth", payload: { token } });
    } catch (cause) {
      if (attempt === this.#attempt) this.#options.host.error(asError("token_failed", cause));
    }
  }

  #lose(closed: Closed): void {
    const { host, surroundings } = this.#options;
    const { clock } = surroundings;
    this.#drop();
    host.lost();
    const delayMs = this.#redial.delayAfter(closed, clock.elapsed());
    if (delayMs === undefined) {
      this.#end(closed);
      return;
    }
    this.retryAtMs = clock.now() + delayMs;
    this.#setTimer(delayMs, () => this.dial());
    this.#become("waiting", closed);
  }

  #end(closed: Closed): void {
    this.#forgetNetwork?.();
    this.#become("closed", closed);
  }

  #drop(code?: number, reason?: string): void {
    this.#attempt += 1;
    this.#timer?.cancel();
    this.#renewal?.cancel();
    this.retryAtMs = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(code, reason);
  }

  #become(status: Status, why?: Closed): void {
    if (status === this.status) return;
    this.status = status;
    this.#options.host.status(status, why);
  }

  #setTimer(ms: number, run: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#options.surroundings.clock.after(Math.min(ms, LONGEST_MS), run);
  }
}

/** A token as a subprotocol: base64url without padding (PROTOCOL.md, The subprotocol). */
function bearer(token: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(token));
  return `bearer.${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

import type { Timer } from "../base/clock.js";
import type { Closed } from "../declare/closed.js";
import { tidingsV1 } from "../protocol/subprotocol.js";
import type { TidingsError } from "../protocol/tidings-error.js";
import type { ConnectOptions, Status } from "./client.js";
import { asError, countOf, type ServerMessage } from "./message.js";
import { Redial } from "./redial.js";
import type { Socket, Surroundings } from "./surroundings.js";

const DEFAULT_HEARTBEAT_MS = 30_000;
/** Beside its heartbeat's time, how long the server may be silent. */
const PATIENCE_MS = 10_000;
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

export interface LineOptions extends Required<Pick<ConnectOptions, "token" | "retryOn">> {
  readonly url: string;
  readonly timeoutMs: number;
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
  readonly #surroundings: Surroundings;
  readonly #host: LineHost;
  readonly #redial: Redial;
  readonly #forgetNetwork: (() => void) | undefined;
  #socket: Socket | undefined;
  /** What an earlier one still says is not heard. */
  #attempt = 0;
  #timer: Timer | undefined;
  #renewal: Timer | undefined;
  /** When it is taken for dead, unless it is heard of. */
  #silentAtMs = 0;
  #patienceMs = 0;

  constructor(options: LineOptions, surroundings: Surroundings, host: LineHost) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#host = host;
    this.#redial = new Redial(surroundings.random, options.retryOn ?? []);
    this.#forgetNetwork = surroundings.onNetwork?.((isThere) => {
      if (this.status === "open") this.#probe();
      else if (isThere) this.reconnect();
    });
  }

  /** Asks for a token, dials, and says `connect`. */
  dial(): void {
    this.#attempt += 1;
    this.#after(this.#options.timeoutMs, () => this.#lose("timeout"));
    this.#become("connecting");
    void this.#dialOnce(this.#attempt);
  }

  /** Where it waits to dial again, it does so now. */
  reconnect(): void {
    if (this.status === "waiting") this.dial();
  }

  say(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }

  /** For good. */
  close(code: number, reason: string): void {
    if (this.status === "closed") return;
    this.#socket?.close(code, reason);
    this.#end({ code, reason }, undefined);
  }

  /** Never rejects. */
  async #dialOnce(attempt: number): Promise<void> {
    const isOld = () => attempt !== this.#attempt;
    try {
      const token = await this.#askToken();
      if (isOld()) return;
      const protocols = token === undefined ? [tidingsV1] : [tidingsV1, bearer(token)];
      const socket = await this.#surroundings.open(this.#options.url, protocols);
      socket.onerror = () => {}; // its `close` tells
      socket.onopen = () => isOld() || this.say({ type: "connect", payload: { token, since: this.#host.since() } });
      socket.onmessage = ({ data }) => isOld() || this.#hear(data);
      socket.onclose = ({ code, reason }) => isOld() || this.#lose(reason, code);
      if (isOld()) socket.close();
      else this.#socket = socket;
    } catch (cause) {
      if (isOld()) return;
      const error = asError("token_failed", cause);
      this.#lose(error.code);
      this.#host.error(error);
    }
  }

  async #askToken(): Promise<string | undefined> {
    const { token } = this.#options;
    const given: unknown = (typeof token === "function" ? await token() : token) ?? undefined;
    if (given === undefined || (typeof given === "string" && given !== "")) return given;
    throw new TypeError("`token` gave what is no token.");
  }

  #hear(frame: unknown): void {
    this.#silentAtMs = this.#surroundings.clock.elapsed() + this.#patienceMs;
    try {
      this.#take(JSON.parse(String(frame)));
    } catch (cause) {
      this.#host.error(asError("invalid_message", cause));
    }
  }

  #take(message: ServerMessage): void {
    const { type, payload } = message;
    if (type === "ping") this.say({ type: "pong" });
    else if (type === "drain") this.#redial.drain(countOf(payload.reconnectAfterMs));
    else if (type === "connected" && this.status === "connecting") this.#open(message);
    else if (type === "auth_success") this.#renewIn(payload.expiresInMs);
    else if (type !== "pong" && this.status === "open") this.#host.hear(message);
  }

  #open(connected: ServerMessage): void {
    const { heartbeatMs, expiresInMs } = connected.payload;
    const nowMs = this.#surroundings.clock.elapsed();
    this.#redial.opened(nowMs);
    this.#patienceMs = (countOf(heartbeatMs) ?? DEFAULT_HEARTBEAT_MS) + PATIENCE_MS;
    this.#silentAtMs = nowMs + this.#patienceMs;
    this.#watch();
    this.#renewIn(expiresInMs);
    this.status = "open";
    this.#host.opened(connected);
    this.#host.status("open", undefined);
  }

  /** Until it has been silent for too long. */
  #watch(): void {
    const leftMs = this.#silentAtMs - this.#surroundings.clock.elapsed();
    if (leftMs > 0) this.#after(leftMs, () => this.#watch());
    else this.#lose("silent");
  }

  /** Is the server still there? Whatever it says tells so. */
  #probe(): void {
    this.say({ type: "ping" });
    this.#silentAtMs = Math.min(this.#silentAtMs, this.#surroundings.clock.elapsed() + PROBE_MS);
    this.#watch();
  }

  #renewIn(expiresInMs: unknown): void {
    const leftMs = countOf(expiresInMs);
    if (leftMs === undefined || typeof this.#options.token !== "function") return;
    const delayMs = Math.min(Math.max(leftMs * RENEWED_AT, SHORTEST_RENEWAL_MS), LONGEST_MS);
    this.#renewal?.cancel();
    this.#renewal = this.#surroundings.clock.after(delayMs, () => void this.#renew(this.#attempt));
  }

  /** Where nothing comes of it the server closes when the old one has expired, and a token is asked for again. Never rejects. */
  async #renew(attempt: number): Promise<void> {
    try {
      const token = await this.#askToken();
      if (attempt === this.#attempt) this.say({ type: "auth", payload: { token } });
    } catch (cause) {
      this.#host.error(asError("token_failed", cause));
    }
  }

  /** 1006 is what a browser says where it can say nothing (RFC 6455 §7.1.5). */
  #lose(reason: string, code: number = 1006): void {
    const { clock } = this.#surroundings;
    this.#end({ code, reason }, this.#redial.delayAfter({ code, reason }, clock.elapsed()));
  }

  /** Of this connection; where there is no delay, of the line. */
  #end(closed: Closed, delayMs: number | undefined): void {
    this.#attempt += 1;
    this.#timer?.cancel();
    this.#renewal?.cancel();
    this.#socket?.close();
    this.#socket = undefined;
    this.#host.lost();
    if (delayMs === undefined) this.#forgetNetwork?.();
    else this.#after(delayMs, () => this.dial());
    this.#become(delayMs === undefined ? "closed" : "waiting", closed, delayMs);
  }

  #become(status: Status, why?: Closed, delayMs?: number): void {
    if (status === this.status) return;
    this.status = status;
    this.retryAtMs = delayMs === undefined ? undefined : this.#surroundings.clock.now() + delayMs;
    this.#host.status(status, why);
  }

  #after(ms: number, run: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#surroundings.clock.after(Math.min(ms, LONGEST_MS), run);
  }
}

/** A token as a subprotocol: base64url without padding (PROTOCOL.md, The subprotocol). */
function bearer(token: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(token));
  return `bearer.${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

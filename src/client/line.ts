import type { Clock, Timer } from "../base/clock.js";
import type { Closed } from "../declare/closed.js";
import { tidingsV1 } from "../protocol/subprotocol.js";
import type { TidingsError } from "../protocol/tidings-error.js";
import type { ConnectOptions, Status } from "./client.js";
import { asError, countOf, messageText, type ServerMessage } from "./message.js";
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

export interface LineOptions extends Required<Pick<ConnectOptions, "token">> {
  readonly retryOn: readonly number[];
  readonly url: string;
  /** How long it may take from the dial to `connected`. */
  readonly timeoutMs: number;
}

/**
 * The connection to a server, as it comes and goes:
 *
 *     connecting → open → waiting → connecting …            → closed
 *
 * What it does at any time is one of: ask for a token and dial, watch whether the server is still there, wait.
 */
export abstract class Line {
  status: Status = "connecting";
  /** When it dials again, in milliseconds since 1970; undefined where it does not wait. */
  retryAtMs: number | undefined;
  readonly clock: Clock;
  readonly #options: LineOptions;
  readonly #open: Surroundings["open"];
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

  constructor(options: LineOptions, { clock, open, random, onNetwork }: Surroundings) {
    this.clock = clock;
    this.#options = options;
    this.#open = open;
    this.#redial = new Redial(random, options.retryOn);
    this.#forgetNetwork = onNetwork?.((isThere) => {
      if (this.status === "open") this.#probe();
      else if (isThere) this.reconnect();
    });
  }

  /** Where it stood on the channels that the server had put it on. */
  protected abstract since(): object;
  /** The server has said `connected`: what waits may be said. */
  protected abstract opened(connected: ServerMessage): void;
  protected abstract hear(message: ServerMessage): void;
  /** What was said and has no answer will have none. */
  protected abstract lost(): void;
  protected abstract changed(status: Status, why: Closed | undefined): void;
  /** What no request was waiting for. */
  protected abstract failed(error: TidingsError): void;

  /** Asks for a token, dials, and says `connect`. */
  dial(): void {
    const attempt = (this.#attempt += 1);
    this.#after(this.#options.timeoutMs, () => this.#lose("timeout"));
    this.#become("connecting");
    void this.#dialOnce(attempt);
  }

  /** Where it waits to dial again, it does so now. */
  reconnect(): void {
    if (this.status === "waiting") this.dial();
  }

  /** Only where it is open. */
  say(text: string): void {
    this.#socket?.send(text);
  }

  /** For good. */
  close(code: number = 1000, reason: string = ""): void {
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
      const socket = await this.#open(this.#options.url, protocols);
      let isThere = false;
      // Otherwise its `close` tells; of a dial that failed Node 22.4 to 22.11 say no more than this.
      socket.onerror = () => isThere || isOld() || this.#lose("");
      socket.onopen = () => {
        isThere = true;
        if (!isOld()) this.say(messageText("connect", { token, since: this.since() }));
      };
      socket.onmessage = ({ data }) => isOld() || this.#hear(data);
      // Where a connection was lost, Deno says 0.
      socket.onclose = ({ code, reason }) => isOld() || this.#lose(reason, code || undefined);
      if (isOld()) socket.close();
      else this.#socket = socket;
    } catch (cause) {
      if (isOld()) return;
      const error = asError("token_failed", cause);
      // Where it was meant as an answer it is one, as if the server had given it.
      this.#lose(error.code, error === cause ? 1008 : undefined);
      this.failed(error);
    }
  }

  /** What is no text is refused as one. */
  async #askToken(): Promise<string | undefined> {
    const { token } = this.#options;
    const given = typeof token === "function" ? await token() : token;
    return given ? String(given) : undefined;
  }

  #hear(frame: unknown): void {
    this.#silentAtMs = this.clock.elapsed() + this.#patienceMs;
    try {
      this.#take(JSON.parse(frame as string)); // which what is no text becomes
    } catch (cause) {
      this.failed(asError("invalid_message", cause));
    }
  }

  #take(message: ServerMessage): void {
    const { type, payload } = message;
    if (typeof type !== "string") throw new TypeError();
    if (type === "ping") this.say('{"type":"pong"}');
    else if (type === "drain") this.#redial.drain(countOf(payload.reconnectAfterMs));
    else if (type === "connected" && this.status === "connecting") this.#connected(message);
    else if (type === "auth_success") this.#renewIn(payload.expiresInMs);
    else if (type !== "pong" && this.status === "open") this.hear(message);
  }

  #connected(connected: ServerMessage): void {
    const { heartbeatMs, expiresInMs } = connected.payload;
    const nowMs = this.clock.elapsed();
    this.#redial.opened(nowMs);
    this.#patienceMs = (countOf(heartbeatMs) ?? DEFAULT_HEARTBEAT_MS) + PATIENCE_MS;
    this.#silentAtMs = nowMs + this.#patienceMs;
    this.#watch();
    this.#renewIn(expiresInMs);
    this.status = "open";
    this.opened(connected);
    this.changed("open", undefined);
  }

  /** Until it has been silent for too long. */
  #watch(): void {
    const leftMs = this.#silentAtMs - this.clock.elapsed();
    if (leftMs > 0) this.#after(leftMs, () => this.#watch());
    else this.#lose("silent");
  }

  /** Is the server still there? Whatever it says tells so. */
  #probe(): void {
    const soonMs = this.clock.elapsed() + PROBE_MS;
    if (this.#silentAtMs < soonMs) return;
    this.#silentAtMs = soonMs;
    this.say('{"type":"ping"}');
    this.#watch();
  }

  #renewIn(expiresInMs: unknown): void {
    const leftMs = countOf(expiresInMs);
    if (leftMs === undefined || typeof this.#options.token !== "function") return;
    const delayMs = Math.max(leftMs * RENEWED_AT, SHORTEST_RENEWAL_MS);
    this.#renewal?.cancel();
    this.#renewal = this.clock.after(delayMs, () => void this.#renew(this.#attempt));
  }

  /** Where nothing comes of it the server closes when the old one has expired, and a token is asked for again. Never rejects. */
  async #renew(attempt: number): Promise<void> {
    try {
      const token = await this.#askToken();
      if (attempt === this.#attempt) this.say(messageText("auth", { token }));
    } catch (cause) {
      this.failed(asError("token_failed", cause));
    }
  }

  /** 1006 is what a browser says where it can say nothing (RFC 6455 §7.1.5). */
  #lose(reason: string, code: number = 1006): void {
    this.#end({ code, reason }, this.#redial.delayAfter({ code, reason }, this.clock.elapsed()));
  }

  /** Of this connection; where there is no delay, of the line. */
  #end(closed: Closed, delayMs: number | undefined): void {
    const attempt = (this.#attempt += 1);
    this.#timer?.cancel();
    this.#renewal?.cancel();
    this.#socket?.close();
    this.#socket = undefined;
    this.lost();
    // Whoever was told may have closed it.
    if (attempt !== this.#attempt) return;
    if (delayMs === undefined) this.#forgetNetwork?.();
    else this.#after(delayMs, () => this.dial());
    this.#become(delayMs === undefined ? "closed" : "waiting", closed, delayMs);
  }

  #become(status: Status, why?: Closed, delayMs?: number): void {
    if (status === this.status) return;
    this.status = status;
    this.retryAtMs = delayMs === undefined ? undefined : this.clock.now() + delayMs;
    this.changed(status, why);
  }

  #after(ms: number, run: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.clock.after(ms, run);
  }
}

/** A token as a subprotocol: base64url without padding (PROTOCOL.md, The subprotocol). */
function bearer(token: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(token));
  return `bearer.${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

import type { Timer } from "../base/clock.js";
import { isThenable } from "../base/thenable.js";
import type { Closed } from "../declare/closed.js";
import type { AnyConnection } from "../declare/connection.js";
import type { AnyContext } from "../declare/context.js";
import type { Identity } from "../declare/credential.js";
import type { Frame } from "../delivery/frame.js";
import { Outbox } from "../delivery/outbox.js";
import type { Member } from "../hub/hub.js";
import { closeReason, isSendableCloseCode } from "../protocol/close-codes.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Socket, SocketListener } from "../transport/transport.js";
import type { Admission } from "./admission.js";
import { type Environment, report } from "./environment.js";
import { OneAtATime } from "./one-at-a-time.js";
import { publicError, refusalClose } from "./refusal.js";
import type { Route } from "./route.js";

export interface LiveConnectionOptions {
  readonly socket: Socket;
  readonly route: Route;
  readonly admission: Admission;
  readonly environment: Environment;
  readonly address: string;
}

/**
 * The life of one accepted connection, the same for messages and for frames:
 *
 *     accepted ─→ opening ─→ open ─→ closing ─→ ended
 *        └───────────┴─────────────────↑
 *
 * `enter` leads from accepted to open: the hub knows it, `open` runs, then what has arrived may be handled.
 * `#leave` is the one way into closing, whoever began it: the app by `close`, the peer, a broken protocol, a lost network,
 * an outbox that is full. It leaves its channels, lets what is due be done (where the peer ended it: what arrived before;
 * where we did: what runs), calls the endpoint's `close` once, and has ended when the socket is gone too.
 */
export abstract class LiveConnection implements AnyConnection, Member, SocketListener {
  readonly id: string;
  readonly user: Identity | undefined;
  readonly channels: Set<string> = new Set();
  readonly outbox: Outbox;
  protected readonly socket: Socket;
  protected readonly route: Route;
  protected readonly environment: Environment;
  protected readonly context: AnyContext;
  readonly #address: string;
  readonly #acceptedAtMs: number;
  #stage: "accepted" | "opening" | "open" | "closing" = "accepted";
  #closed: Closed | undefined;
  #abort: AbortController | undefined;
  #opening: Promise<void> | undefined;
  /** The handler that runs, or the loop. */
  #running: Promise<void> | undefined;
  #hasOpenBegun = false;
  /** What arrives is handled: `open` is over. */
  #hasBegun = false;
  #isStopped = false;
  #isSocketGone = false;
  #isSettled = false;

  constructor({ socket, route, admission, environment, address }: LiveConnectionOptions) {
    this.id = environment.createId();
    this.user = admission.user;
    this.socket = socket;
    this.route = route;
    this.environment = environment;
    this.context = {
      app: environment.app,
      connection: this,
      params: admission.params,
      query: admission.query,
      user: admission.user,
    };
    this.#address = address;
    this.#acceptedAtMs = environment.clock.now();
    this.outbox = new Outbox(environment.turn, socket, route.limits.outbox, () => this.#overflow());
    environment.observer.counters.connectionsOpened += 1;
  }

  /** The handshake is done: begins to live. */
  abstract start(): void;
  abstract text(text: string): void;
  abstract binary(bytes: Uint8Array): void;
  /** `open` is over: what waits may be handled. */
  protected abstract begin(): void;
  /** Resolves when what has arrived is handled. */
  protected abstract finish(): Promise<void>;
  /** Nothing more is handled. */
  protected abstract stop(): void;

  get bufferedBytes(): number {
    return this.outbox.bufferedBytes;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.isClosing) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  close(code = 1000, reason = ""): void {
    if (!isSendableCloseCode(code)) throw new RangeError(`A server may not close with ${code} (RFC 6455 §7.4).`);
    if (this.isClosing) return;
    this.#leave({ code, reason: closeReason(reason) }, "us");
    this.outbox.flush();
    this.outbox.drop();
    this.socket.close(code, closeReason(reason));
  }

  /** The app goes away. */
  goAway(): void {
    this.close(1001, "going_away");
  }

  closing(code: number, reason: string): void {
    if (this.isClosing) return;
    this.#leave({ code, reason }, BROKEN_PROTOCOL.has(code) ? "us" : "peer");
    this.outbox.flush();
    this.outbox.drop();
  }

  closed(code: number, reason: string): void {
    this.#isSocketGone = true;
    if (!this.isClosing) {
      this.#leave({ code, reason }, "peer");
      this.outbox.drop();
    }
    this.#endOnce();
  }

  protected get isClosing(): boolean {
    return this.#stage === "closing";
  }

  /** False where it has closed: then nothing is sent. */
  protected push(frame: () => Frame): boolean {
    if (this.isClosing) return false;
    this.outbox.push(frame());
    return true;
  }

  /** Opens, and from then on handles what arrives. `welcome` is said before `open` runs. */
  protected enter(welcome?: () => Frame): void {
    if (this.#stage !== "accepted") return;
    this.#stage = "opening";
    this.#opening = this.#open(welcome).then(
      () => this.#opened(),
      (error: unknown) => this.fail(error, "open"),
    );
  }

  /** What arrives waits for its turn, within the limits; past them the socket is read no further. */
  protected createQueue<Item>(handle: (item: Item) => void | Promise<void>): OneAtATime<Item> {
    return new OneAtATime({
      handle,
      maxItems: this.route.limits.waitingMessages,
      maxBytes: this.route.limits.waitingBytes,
      pause: () => this.socket.pause(),
      resume: () => this.socket.resume(),
    });
  }

  /** What runs now, so that `close` can wait for it. It must not reject. */
  protected run(running: Promise<void>): Promise<void> {
    this.#running = running;
    return running;
  }

  /** Ends a broken connection. */
  protected fail(error: unknown, during: string): void {
    if (!isForClient(error)) this.report(error, during);
    if (this.isClosing) return;
    const { code, reason } = refusalClose(publicError(error), this.route.endpoint.closeCodes);
    this.close(code, reason);
  }

  /** Tells whoever watches, but for what a handler throws because its connection has closed. */
  protected report(error: unknown, during: string): void {
    if (this.isClosing && isAbort(error)) return;
    const { observer } = this.environment;
    report(observer, error, { during, connection: this.id, endpoint: this.route.endpoint.pattern.source });
  }

  /** Joins the channels of these names. */
  protected async joinAll(channels: readonly string[]): Promise<void> {
    await Promise.all(channels.map((channel) => this.environment.hub.join(this, channel)));
  }

  async #open(welcome: (() => Frame) | undefined): Promise<void> {
    const { hub, observer } = this.environment;
    await hub.enter(this);
    if (this.#isStopped) return;
    if (welcome !== undefined) this.push(welcome);
    observer.happened({
      event: "connected",
      connection: this.id,
      endpoint: this.route.endpoint.pattern.source,
      user: this.user?.id,
      address: this.#address,
    });
    this.#hasOpenBegun = true;
    await this.route.endpoint.open?.(this.context);
    await this.joined();
  }

  /** Resolves when the joins that `open` began are done. */
  protected joined(): Promise<void> | undefined {
    return undefined;
  }

  #opened(): void {
    if (this.#isStopped) return;
    this.#opening = undefined;
    if (!this.isClosing) this.#stage = "open";
    this.#hasBegun = true;
    this.begin();
  }

  #overflow(): void {
    if (this.isClosing) return;
    this.environment.observer.counters.slowConsumers += 1;
    this.outbox.drop();
    this.close(1013, "slow_consumer");
  }

  #leave(closed: Closed, endedBy: "us" | "peer"): void {
    this.#stage = "closing";
    this.#closed = closed;
    if (endedBy === "us") this.#stopHandling();
    this.environment.hub.exit(this);
    this.#abort?.abort();
    void this.#settle(closed);
  }

  #stopHandling(): void {
    this.#isStopped = true;
    this.stop();
  }

  /** Waits for what is still to be done, for `limits.close` at most, then calls the endpoint's `close`. */
  async #settle(closed: Closed): Promise<void> {
    // The call that closed may come from a handler whose promise is not known before it returns.
    await undefined;
    if (!this.#isIdle) await this.#settledInTime(this.#finish());
    this.#stopHandling();
    if (this.#hasOpenBegun) {
      try {
        const closing = this.route.endpoint.close?.(this.context, closed);
        if (isThenable(closing)) {
          await this.#settledInTime(Promise.resolve(closing).catch((error: unknown) => this.report(error, "close")));
        }
      } catch (error) {
        this.report(error, "close");
      }
    }
    this.#isSettled = true;
    this.#endOnce();
  }

  /** A peer that says something and closes at once has said it: what came before its end is handled. */
  async #finish(): Promise<void> {
    await this.#opening;
    if (this.#hasBegun && !this.#isStopped) await this.finish();
    await this.#running;
  }

  get #isIdle(): boolean {
    return this.#opening === undefined && this.#running === undefined && (this.#isStopped || !this.#hasBegun);
  }

  async #settledInTime(running: Promise<unknown>): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.environment.clock.after(this.route.limits.close, resolve);
    });
    try {
      await Promise.race([running, late]);
    } finally {
      timer?.cancel();
    }
  }

  #endOnce(): void {
    if (!this.#isSettled || !this.#isSocketGone) return;
    const { observer, clock, ended } = this.environment;
    observer.counters.connectionsClosed += 1;
    observer.happened({
      event: "disconnected",
      connection: this.id,
      endpoint: this.route.endpoint.pattern.source,
      user: this.user?.id,
      code: this.#closed?.code ?? 1006,
      reason: this.#closed?.reason ?? "",
      durationMs: clock.now() - this.#acceptedAtMs,
    });
    ended(this.id);
  }
}

/** A `TidingsError` is told to the client, and is no mistake of the server's. */
export function isForClient(error: unknown): boolean {
  return error instanceof TidingsError;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** Close codes by which a transport ends what it can't go on reading (RFC 6455 §7.4.1). */
const BROKEN_PROTOCOL: ReadonlySet<number> = new Set([1002, 1007, 1008, 1009]);

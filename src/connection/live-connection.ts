import { awaited, runSteps, type Steps } from "../base/steps.js";
import { isThenable, ownRejection } from "../base/thenable.js";
import type { ChannelDefinition } from "../declare/channel.js";
import type { Closed } from "../declare/closed.js";
import type { AnyConnection } from "../declare/connection.js";
import type { ConnectionStage, RateLeft } from "../declare/connection-report.js";
import type { AnyContext } from "../declare/context.js";
import type { Authenticated } from "../declare/credential.js";
import type { Identity } from "../declare/identity.js";
import { encodePingFrame, encodePongFrame, type Frame } from "../delivery/frame.js";
import { Outbox, type OutboxOwner } from "../delivery/outbox.js";
import type { Member } from "../hub/hub.js";
import type { Membership } from "../hub/membership.js";
import { closeReason, isSendableCloseCode } from "../protocol/close-codes.js";
import { encodePayload } from "../protocol/encode-message.js";
import { wordsOf } from "../protocol/error-words.js";
import type { MessageId } from "../protocol/message.js";
import type { RefusalReason } from "../protocol/refusals.js";
import { TidingsError, unauthorized } from "../protocol/tidings-error.js";
import type { Socket, SocketListener } from "../transport/transport.js";
import type { Admission } from "./admission.js";
import type { AgendaEntry } from "./agenda.js";
import { ConnectionRecord } from "./connection-record.js";
import { type Environment, report } from "./environment.js";
import { Heartbeat, type HeartbeatPeer } from "./heartbeat.js";
import { InspectedConnection } from "./inspected-connection.js";
import type { MadeValues } from "./made-values.js";
import { RateGuard } from "./rate-guard.js";
import { causeOf, publicError, refusalClose } from "./refusal.js";
import type { Route } from "./route.js";

export interface LiveConnectionOptions {
  readonly socket: Socket;
  readonly route: Route;
  readonly admission: Admission;
  readonly environment: Environment;
  readonly place: { passDoor(): void; leave(): void };
  /** Was `tidings.v1` selected? */
  readonly isOurClient: boolean;
  /** Its socket is gone, and its `close` handler done. */
  readonly ended: (connection: LiveConnection) => void;
}

/**
 * The life of one accepted connection, the same for messages and for frames:
 *
 *     accepted ─→ opening ─→ open ─→ closing ─→ ended
 *        └───────────┴─────────────────↑
 *
 * `enter` leads from accepted to open, when it is admitted: the hub knows it, `open` runs, then what has arrived may be
 * handled. From then on its heart beats, and its credential may expire.
 * `#leave` is the one way into closing, whoever began it: the app by `close`, the peer, a broken protocol, a lost network,
 * an outbox that is full. It leaves its channels, lets what is due be done (where the peer ended it: what arrived before;
 * where we did: what runs), calls the endpoint's `close` once, and has ended when the socket is gone too.
 */
export abstract class LiveConnection implements AnyConnection, Member, SocketListener, HeartbeatPeer, OutboxOwner {
  readonly id: string;
  memberships: Map<string, Membership> | undefined;
  readonly outbox: Outbox;
  readonly record: ConnectionRecord;
  readonly route: Route;
  readonly environment: Environment;
  protected readonly admission: Admission;
  #rate: RateGuard | undefined;
  readonly #socket: Socket;
  readonly #place: LiveConnectionOptions["place"];
  readonly #ended: LiveConnectionOptions["ended"];
  #context: AnyContext | undefined;
  readonly #heartbeat: Heartbeat;
  #expiry: AgendaEntry | undefined;
  /** When it is looked at next it has expired. */
  #isExpiryNext = false;
  isPaused = false;
  #stage: "accepted" | "opening" | "open" | "closing" = "accepted";
  #closed: Closed | undefined;
  #opening: Promise<void> | undefined;
  #entering: Promise<void> | undefined;
  /** Until the endpoint's `close` is done, and what was made is disposed of. */
  #settling: Promise<void> | undefined;
  /** The handler that runs, or the loop. */
  #running: Promise<void> | undefined;
  /** Handlers that took too long, and still run. */
  #late: Set<Promise<void>> | undefined;
  #hasOpenBegun = false;
  /** What arrives is handled: `open` is over. */
  #hasBegun = false;
  #isStopped = false;
  #isSocketGone = false;
  #isSettled = false;
  #isGivenUp = false;
  /** Ends what `#settle` waits for. */
  #giveUp: (() => void) | undefined;

  constructor({ socket, route, admission, environment, place, ended }: LiveConnectionOptions) {
    this.id = admission.id;
    this.#socket = socket;
    this.route = route;
    this.environment = environment;
    this.admission = admission;
    this.#place = place;
    this.#ended = ended;
    this.record = new ConnectionRecord(environment.clock);
    this.outbox = new Outbox(environment.turn, socket, route.limits.outbox, this);
    this.#heartbeat = new Heartbeat(environment, route.limits, this);
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

  /** Does it speak `tidings.v1`? */
  abstract readonly isOurClient: boolean;
  /** What waits for a handler, and how many bytes that is. */
  abstract get waitingItems(): number;
  abstract get waitingBytes(): number;
  /** Does what waits wait for a handler that runs? */
  abstract get isBusy(): boolean;
  /** The app goes away, and it may dial again after so long. */
  abstract drain(reconnectAfterMs: number): void;

  get user(): Identity | undefined {
    return this.admission.user;
  }

  get address(): string {
    return this.admission.address;
  }

  get stage(): ConnectionStage {
    if (this.#stage === "closing") return this.#isSocketGone ? "closed" : "closing";
    return this.#stage === "open" ? "open" : "entering";
  }

  /** `open`, or the joins that it began, are not done yet. */
  get isOpening(): boolean {
    return this.#opening !== undefined;
  }

  get expiresAtMs(): number | undefined {
    return this.admission.expiresAtMs;
  }

  /** It was pinged at that time, and nothing has come since. */
  get unansweredSinceMs(): number | undefined {
    return this.#heartbeat.unansweredSinceMs;
  }

  get ratesLeft(): readonly RateLeft[] {
    return this.rate.left;
  }

  /** The names of the channels it is on. */
  get channels(): ReadonlySet<string> {
    return new Set(this.memberships?.keys());
  }

  get presentAs(): string {
    return this.user?.id ?? this.id;
  }

  get mayReturn(): boolean {
    return this.user !== undefined;
  }

  faceOn(definition: ChannelDefinition, params: Readonly<Record<string, string>>): string {
    const shown = definition.presence?.({ ...this.admission.needsOf(definition), params });
    if (isThenable(shown)) {
      ownRejection(shown);
      throw new TypeError(`The \`presence\` of "${definition.pattern.source}" gives a promise.`);
    }
    // A user's devices are one member, whatever they show.
    const id = this.presentAs;
    return encodePayload(Object.assign({ id }, shown, { id }));
  }

  get papers(): readonly Authenticated[] {
    return this.admission.papers;
  }

  get bufferedBytes(): number {
    return this.outbox.bufferedBytes;
  }

  get signal(): AbortSignal {
    return this.admission.signal;
  }

  sendPing(): void {
    this.#socket.write(this.pingFrame());
  }

  ping(data: Uint8Array): void {
    this.heard();
    if (this.takeControl()) this.push(() => encodePongFrame(data));
  }

  pong(): void {
    this.heard();
    this.takeControl();
  }

  close(code = 1000, reason = ""): void {
    if (!isSendableCloseCode(code)) throw new RangeError(`A server may not close with ${code} (RFC 6455 §7.4).`);
    if (this.isClosing) return;
    this.#leave({ code, reason: closeReason(reason) }, "us");
    this.outbox.end();
    this.#socket.close(code, closeReason(reason));
  }

  expel(): void {
    this.#closeFor("unauthorized");
  }

  /** Ends it at once: it has had its time, and so have its handlers. */
  terminate(): void {
    this.#isGivenUp = true;
    if (!this.isClosing) this.#leave({ code: 1006, reason: "" }, "us");
    this.outbox.drop();
    this.#socket.terminate();
    this.#giveUp?.();
  }

  closing(code: number, reason: string, begunBy: "peer" | "us"): void {
    if (this.isClosing) return;
    this.#leave({ code, reason }, begunBy);
    this.outbox.end();
  }

  closed(code: number, reason: string): void {
    this.#isSocketGone = true;
    if (!this.isClosing) {
      this.#leave({ code, reason }, "peer");
      this.outbox.drop();
    }
    this.#endOnce();
  }

  /** No handler begins any more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  get isClosing(): boolean {
    return this.#stage === "closing";
  }

  /** False where it has closed: then nothing is sent. `isEssential`: it is never dropped. */
  push(frame: () => Frame, isEssential = false): boolean {
    if (this.isClosing) return false;
    this.outbox.push(frame(), isEssential);
    return true;
  }

  /** Any frame came: a sign of life. */
  protected heard(): void {
    this.#heartbeat.heard();
    this.record.heard();
  }

  /** What a ping looks like here. */
  protected pingFrame(): Frame {
    return PING_FRAME;
  }

  /** False for what is one too many of all that is no message of the app's: then it is answered, or closed. */
  protected takeControl(about: About = {}): boolean {
    const waitMs = this.rate.takeControl();
    if (waitMs > 0) this.limitRate(waitMs, about);
    return waitMs === 0;
  }

  /** One too many came. */
  protected limitRate(retryAfterMs: number, about: About): void {
    this.environment.observer.counters.rateLimited += 1;
    this.record.wasOverRate();
    this.strike(new TidingsError("rate_limited", undefined, { retryAfterMs: Math.ceil(retryAfterMs) }), about);
  }

  /** Answers with this, as a warning. Who goes on after so many is closed. */
  protected strike(error: TidingsError, about: About): void {
    const isWarned = this.rate.takeStrike() && this.warn(error, about);
    if (!isWarned) this.#closeFor("rate_limited");
  }

  /** Answers with an error; false where there are no answers. */
  protected abstract warn(error: TidingsError, about: About): boolean;

  /** What handlers see. */
  protected get context(): AnyContext {
    this.#context ??= { ...this.admission.context, connection: this };
    return this.#context;
  }

  /** Its credential is a fresh one: for what begins later, what depends on the user is so too. */
  protected renew(retired: MadeValues): void {
    // Who closes is given what was there when it began to.
    if (!this.isClosing) this.#context = undefined;
    this.#awaitExpiry();
    // Who runs now was given the old.
    const users = [this.#opening, this.#running, this.#settling, ...(this.#late ?? [])];
    void Promise.all(users).then(() => retired.dispose());
  }

  /** Opens, and from then on handles what arrives. `welcome` is said before `open` runs. It must be admitted. */
  protected enter(welcome?: () => Frame): void {
    if (this.#stage !== "accepted") return;
    this.#stage = "opening";
    try {
      const opening = runSteps(() => this.#open(welcome));
      if (isThenable(opening)) {
        this.#opening = Promise.resolve(opening).then(
          () => this.#hasOpened(),
          (error: unknown) => this.fail(error, "open"),
        );
      } else this.#hasOpened();
    } catch (error) {
      this.fail(error, "open");
    }
  }

  /** Resolves when it was said welcome, if it enters: nothing else may be answered before. Never rejects. */
  protected async welcomed(): Promise<void> {
    await this.#entering?.catch(() => {});
  }

  /** What arrives waits for its turn, within these limits; past them the socket is read no further. */
  get maxItems(): number {
    return this.route.limits.waitingMessages;
  }

  get maxBytes(): number {
    return this.route.limits.waitingBytes;
  }

  pause(): void {
    this.isPaused = true;
    this.record.paused();
    this.#socket.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.record.resumed();
    // What it said meanwhile is only being read now.
    this.heard();
    this.#socket.resume();
  }

  /** Made when something comes. */
  protected get rate(): RateGuard {
    this.#rate ??= new RateGuard(this.route.limits, this.environment.clock);
    return this.#rate;
  }

  /** What runs now, so that `close` can wait for it. It must not reject. */
  protected run(running: Promise<void>): Promise<void> {
    this.record.began();
    this.#running = running;
    return running;
  }

  /** It took too long, and others go on; it is still what `close` waits for. It must not reject. */
  protected runOn(running: Promise<void>): void {
    this.#late ??= new Set();
    this.#late.add(running);
    void running.then(() => this.#late?.delete(running));
  }

  /** Ends a broken connection. */
  protected fail(error: unknown, during: string): void {
    if (!isForClient(error)) this.report(error, during);
    if (this.isClosing) return;
    const { code, reason } = refusalClose(publicError(error), this.route.endpoint.closeCodes);
    this.close(code, reason);
  }

  /** Who had come in was not let in after all. */
  protected refuse(cause: unknown): void {
    const error = publicError(cause);
    const { observer } = this.environment;
    observer.counters.handshakesRefused += 1;
    observer.happened({
      event: "refused",
      code: error.code,
      status: undefined,
      closeCode: refusalClose(error, this.route.endpoint.closeCodes).code,
      reason: wordsOf(error),
      detail: causeOf(error),
      endpoint: this.route.endpoint.pattern.source,
      address: this.admission.address,
    });
    this.fail(cause, "admission");
  }

  /** Runs a handler of the app's, whose synchronous part is measured; what goes on after it is known to be. */
  watch<Result>(during: string, call: () => Result): Result {
    return this.environment.observer.loop.run(this.route.endpoint.pattern.source, during, call);
  }

  /** Tells whoever watches, but for what a handler throws because its connection has closed. */
  report(error: unknown, during: string): void {
    if (this.isClosing && isAbort(error)) return;
    const { observer } = this.environment;
    report(observer, error, { during, connection: this.id, endpoint: this.route.endpoint.pattern.source });
  }

  *#open(welcome: (() => Frame) | undefined): Steps<void> {
    const { hub, observer } = this.environment;
    const { pattern } = this.route.endpoint;
    this.#heartbeat.start();
    this.#awaitExpiry();
    this.admission.handOver();
    const entering = hub.enter(this);
    this.#entering = entering ?? undefined;
    yield* awaited(entering);
    this.#entering = undefined;
    if (this.#isStopped) return;
    this.#place.passDoor();
    // From now on the hub tells of a revocation; one that came since the check told only what it knew then.
    if (this.admission.isRevoked) throw unauthorized();
    if (welcome !== undefined) this.push(welcome);
    observer.happened({
      event: "connected",
      connection: this.id,
      endpoint: pattern.source,
      user: this.user?.id,
      address: this.admission.address,
    });
    this.#hasOpenBegun = true;
    this.beforeOpen();
    const { open } = this.route.endpoint;
    this.record.began();
    if (open !== undefined) yield* awaited(this.watch("open", () => open(this.context)));
    yield* awaited(this.joined());
  }

  /** Resolves when the joins that `open` began are done. */
  protected joined(): Promise<unknown> | undefined {
    return undefined;
  }

  /** `open` begins. */
  protected beforeOpen(): void {}

  #hasOpened(): void {
    this.record.ended();
    if (this.#isStopped) return;
    this.#opening = undefined;
    if (!this.isClosing) this.#stage = "open";
    this.#hasBegun = true;
    this.begin();
  }

  fellBehind(): void {
    this.record.fellBehind();
  }

  overflow(): void {
    if (this.isClosing) return;
    this.environment.observer.counters.slowConsumers += 1;
    this.outbox.drop();
    this.close(1013, "slow_consumer");
  }

  /** Nothing was heard in time: what waits will not be read. */
  die(): void {
    if (this.isClosing) return;
    this.environment.observer.counters.pingTimeouts += 1;
    this.outbox.drop();
    this.close(1011, "ping_timeout");
  }

  #awaitExpiry(): void {
    this.#expiry?.cancel();
    const { expiresAtMs } = this.admission;
    if (expiresAtMs === undefined || this.isClosing) return;
    const leftMs = expiresAtMs + this.route.limits.expiryGrace - this.environment.clock.now();
    // Looked at again and again: it goes by the time of day, which may be set meanwhile.
    this.#isExpiryNext = leftMs <= LONGEST_LOOK_MS;
    this.#expiry = this.environment.agenda.after(Math.min(leftMs, LONGEST_LOOK_MS), this);
  }

  /** It is time to look at its expiry. */
  due(): void {
    if (this.#isExpiryNext) this.#closeFor("token_expired");
    else this.#awaitExpiry();
  }

  #closeFor(code: RefusalReason): void {
    const closed = refusalClose(new TidingsError(code), this.route.endpoint.closeCodes);
    this.close(closed.code, closed.reason);
  }

  #leave(closed: Closed, endedBy: "us" | "peer"): void {
    this.#remember(closed, endedBy);
    this.#stage = "closing";
    this.#closed = closed;
    this.#heartbeat.stop();
    this.#expiry?.cancel();
    if (endedBy === "us") this.#stopHandling();
    this.environment.hub.exit(this);
    this.admission.abort();
    this.#settling = this.#settle(closed);
  }

  /** How it was until it closed. */
  #remember({ code, reason }: Closed, endedBy: "us" | "peer"): void {
    const { closedConnections, clock } = this.environment;
    const by = endedBy === "us" ? "server" : "peer";
    closedConnections?.add(new InspectedConnection(this).report({ atMs: clock.now(), code, reason, by }));
  }

  #stopHandling(): void {
    this.#isStopped = true;
    this.stop();
  }

  /** Waits for what is still to be done, for `limits.close` at most, then calls the endpoint's `close`. */
  async #settle(closed: Closed): Promise<void> {
    // The call that closed may come from a handler whose promise is not known before it returns.
    await undefined;
    if (!this.#isIdle) await this.#inTime(this.#finish());
    this.#stopHandling();
    if (this.#hasOpenBegun) {
      try {
        const { close } = this.route.endpoint;
        this.environment.observer.counters.closeHandlers += 1;
        const closing = close && this.watch("close", () => close(this.context, closed));
        if (isThenable(closing)) {
          const settled = Promise.resolve(closing).catch((error: unknown) => this.report(error, "close"));
          if (!(await this.#inTime(settled))) this.report(new Error("`close` took longer than limits.close."), "close");
        }
      } catch (error) {
        this.report(error, "close");
      }
    }
    const ended = this.admission.end();
    if (ended !== undefined) await this.#inTime(ended);
    this.#isSettled = true;
    this.#endOnce();
  }

  /** A peer that says something and closes at once has said it: what came before its end is handled. */
  async #finish(): Promise<void> {
    await this.#opening;
    if (this.#hasBegun && !this.#isStopped) await this.finish();
    await Promise.all([this.#running, ...(this.#late ?? [])]);
  }

  get #isIdle(): boolean {
    if (this.#late !== undefined && this.#late.size > 0) return false;
    return this.#opening === undefined && this.#running === undefined && (this.#isStopped || !this.#hasBegun);
  }

  /** Resolves when it is settled, after `limits.close`, or when the connection has had its time. */
  #inTime(running: Promise<unknown>): Promise<boolean> {
    if (this.#isGivenUp) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#giveUp = () => resolve(false);
      void this.environment.agenda.settledWithin(this.route.limits.close, running).then(resolve);
    });
  }

  #endOnce(): void {
    if (!this.#isSettled || !this.#isSocketGone) return;
    const { observer, clock } = this.environment;
    observer.counters.connectionsClosed += 1;
    observer.happened({
      event: "disconnected",
      connection: this.id,
      endpoint: this.route.endpoint.pattern.source,
      user: this.user?.id,
      address: this.admission.address,
      code: this.#closed?.code ?? 1006,
      reason: this.#closed?.reason ?? "",
      durationMs: clock.now() - this.record.openedAtMs,
    });
    this.#place.leave();
    this.#ended(this);
  }
}

/** What an answer is about. */
export interface About {
  readonly id?: MessageId | undefined;
  /** Of what failed. */
  readonly payload?: unknown;
  readonly type?: string | undefined;
}

const LONGEST_LOOK_MS = 60_000;

const PING_FRAME = encodePingFrame();

/** A `TidingsError` is told to the client, and is no mistake of the server's. */
export function isForClient(error: unknown): boolean {
  return error instanceof TidingsError;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

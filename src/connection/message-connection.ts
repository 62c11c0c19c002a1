import { type Eventually, isPending } from "../base/eventually.js";
import { ownedPromise } from "../base/owned-promise.js";
import type { ChannelDefinition, ChannelRef } from "../declare/channel.js";
import type { Connection } from "../declare/connection.js";
import type { Received, SpeaksMessages } from "../declare/endpoint.js";
import type { Identity } from "../declare/identity.js";
import { encodeTextFrame, type Frame } from "../delivery/frame.js";
import { encodeOutgoing } from "../hub/outgoing.js";
import type { Tracing } from "../observe/observe.js";
import { declaredFor } from "../protocol/any-type.js";
import { channelIn, parseSince, type StreamPosition } from "../protocol/channel-requests.js";
import {
  encodeAuthSuccess,
  encodeConnected,
  encodeDrain,
  encodeError,
  encodePing,
  encodePong,
  encodeReplyJson,
} from "../protocol/encode-message.js";
import { errorCodes, isErrorCode } from "../protocol/error-codes.js";
import { wordsOf } from "../protocol/error-words.js";
import type { RateLimit } from "../protocol/limits.js";
import { type BadMessage, barePong, type ClientMessage, type MessageId } from "../protocol/message.js";
import { TidingsError, unauthorized } from "../protocol/tidings-error.js";
import { MANY_ISSUES } from "../schema/validate.js";
import type { AgendaEntry } from "./agenda.js";
import { ChannelDesk, channelRequests, type DeskHost } from "./channel-desk.js";
import { handle, type ReplyJson, type Scene } from "./handling.js";
import { type About, isForClient, LiveConnection, type LiveConnectionOptions } from "./live-connection.js";
import { OneAtATime } from "./one-at-a-time.js";
import { type Phase, receive } from "./reception.js";
import { publicError } from "./refusal.js";
import { checkTokenLength, isTooLong } from "./request.js";

export interface MessageConnectionOptions extends LiveConnectionOptions {
  readonly speaks: SpeaksMessages;
}

/** A connection that speaks messages (PROTOCOL.md). What is said to it goes the way down this file. */
export class MessageConnection
  extends LiveConnection
  implements Connection<Identity | undefined, Record<string, unknown>, ChannelRef>, DeskHost
{
  readonly #speaks: SpeaksMessages;
  readonly isOurClient: boolean;
  readonly #work: OneAtATime<ClientMessage | BadMessage>;
  #phase: Phase;
  /** Runs out when what it must say first has not come in time. */
  #deadline: AgendaEntry | undefined;
  /** Refreshes are taken one after the other. */
  #refreshing: Promise<void> = DONE;
  #refreshes = 0;
  /** Messages whose handlers took too long, and still run. */
  #late: Set<ClientMessage> | undefined;
  #lastScene: Scene | undefined;
  #send: ((type: string, payload?: unknown) => boolean) | undefined;
  /** Joins that `open` began; undefined: there are none, or it is over. */
  #joins: Promise<unknown>[] | undefined;
  /** Made when it first has to do with a channel. */
  #desk: ChannelDesk | undefined;
  /** Where it stood on its channels when it was connected last. */
  #since: ReadonlyMap<string, StreamPosition> | undefined;

  constructor(options: MessageConnectionOptions) {
    super(options);
    this.#speaks = options.speaks;
    this.isOurClient = options.isOurClient;
    this.#phase = options.isOurClient ? "greeting" : options.admission.awaitsToken ? "credential" : "open";
    this.#work = new OneAtATime<ClientMessage | BadMessage>(this);
  }

  start(): void {
    if (this.#phase === "open") {
      this.enter();
      return;
    }
    const patienceMs = this.admission.awaitsToken ? this.admission.tokenDeadlineMs : this.route.limits.auth;
    this.#deadline = this.environment.agenda.after(patienceMs, () => this.close(1008, "auth_timeout"));
  }

  get waitingItems(): number {
    return this.#work.waitingItems;
  }

  get isBusy(): boolean {
    return this.#work.isBusy;
  }

  get waitingBytes(): number {
    return this.#work.waitingBytes;
  }

  text(text: string): void {
    this.heard();
    const { counters } = this.environment.observer;
    counters.messagesReceived += 1;
    counters.bytesReceived += text.length;
    this.record.received(text.length);
    const reception = receive(text, this.#phase);
    switch (reception.do) {
      case "nothing":
        this.takeControl();
        return;
      case "pong":
        if (this.takeControl({ id: reception.id })) {
          this.push(() => encodeTextFrame(reception.bare ? barePong : encodePong(reception.id)));
        }
        return;
      case "enter":
        this.#greeted(reception.token, reception.since);
        return;
      case "authenticate":
        if (this.takeControl({ id: reception.id, type: "auth" })) this.#authenticate(reception.token, reception.id);
        return;
      case "refuse":
        if (this.takeControl(reception.message)) this.#answerError(new TidingsError("unauthorized"), reception.message);
        return;
      case "wait":
        this.#work.add(reception.message, text.length);
        return;
      case "close":
        this.close(reception.code, reception.reason);
        return;
    }
  }

  binary(): void {
    this.close(1003, "unsupported_data");
  }

  drain(reconnectAfterMs: number): void {
    if (this.isOurClient) this.push(() => encodeTextFrame(encodeDrain(reconnectAfterMs)), true);
  }

  /** Made when it is first used: it works without its connection too. */
  get send(): (type: string, payload?: unknown) => boolean {
    this.#send ??= (type, payload = {}) => this.#sendNow(type, payload);
    return this.#send;
  }

  join(...refs: readonly ChannelRef[]): Promise<void> {
    const joined = this.#channelDesk.join(refs);
    if (joined === undefined) return DONE;
    this.#joins?.push(joined.catch(() => {}));
    const { turn } = this.environment;
    const done = joined.then(() => {});
    return ownedPromise(done, (error) => this.report(error, "join"), turn.endOfTurn);
  }

  async leave(...refs: readonly ChannelRef[]): Promise<void> {
    this.#channelDesk.leave(refs);
  }

  get credentials(): object | undefined {
    return this.admission.grant;
  }

  needsOf(definition: ChannelDefinition): Readonly<Record<string, unknown>> {
    return this.admission.needsOf(definition);
  }

  #sendNow(type: string, payload: unknown): boolean {
    const schema = this.#speaks.sends.get(type);
    if (schema === undefined) throw new TypeError(`Declare "${type}" in the endpoint's \`sends\` first.`);
    if (this.isClosing) return false;
    const payloadJson = encodeOutgoing(schema, payload, `the message "${type}"`);
    return this.push(() => encodeTextFrame(`{"type":${JSON.stringify(type)},"payload":${payloadJson}}`));
  }

  get #channelDesk(): ChannelDesk {
    this.#desk ??= new ChannelDesk(this, this.#speaks.channels, this.#since);
    return this.#desk;
  }

  protected override beforeOpen(): void {
    this.#joins = [];
  }

  protected override joined(): Promise<unknown> | undefined {
    const joins = this.#joins ?? [];
    this.#joins = undefined;
    return joins.length === 0 ? undefined : Promise.all(joins);
  }

  protected begin(): void {
    this.#work.release();
  }

  protected finish(): Promise<void> {
    return this.#work.finish();
  }

  protected stop(): void {
    this.#deadline?.cancel();
    this.#work.stop();
  }

  protected override pingFrame(): Frame {
    return this.isOurClient || this.route.pingsByMessage ? PING_MESSAGE : super.pingFrame();
  }

  protected warn(error: TidingsError, about: About): boolean {
    this.#answerError(error, about);
    return true;
  }

  #greeted(token: string | undefined, since: unknown): void {
    this.#deadline?.cancel();
    this.#phase = "open";
    this.#since = parseSince(since);
    if (this.#since === undefined) this.refuse(new TidingsError("bad_request", "`since` does not fit."));
    else if (this.#since.size > this.route.limits.channels) this.refuse(new TidingsError("too_many_channels"));
    else if (!this.admission.awaitsToken) this.enter(() => this.#welcome());
    else if (token === undefined) this.refuse(unauthorized("A token is needed."));
    else this.#present(token, () => this.#welcome());
  }

  /** A credential came by message: the first, or a fresh one. */
  #authenticate(token: string | undefined, id: MessageId | undefined): void {
    const about = { id, type: "auth" };
    if (token === undefined) {
      const issues = [{ path: ["token"], message: "A text that is not empty is needed here." }];
      this.#answerError(new TidingsError("invalid_payload", undefined, { issues }), about);
    } else if (this.#phase === "credential") {
      this.#deadline?.cancel();
      // What follows it waits.
      this.#phase = "open";
      this.#present(token, () => this.#authSuccess(id));
    } else if (this.#refreshes >= this.route.limits.refreshes) {
      // A check that is slow must not let tokens pile up.
      this.limitRate(RETRY_REFRESH_MS, about);
    } else if (isTooLong(token)) {
      this.#answerError(new TidingsError("invalid_payload", "The token is longer than 8 KiB."), about);
    } else {
      this.#refreshes += 1;
      this.#refreshing = this.#refreshing.then(() => this.#refresh(token, about));
    }
  }

  #present(token: string, welcome: () => Frame): void {
    this.#refreshing = this.#presentOnce(token).then(
      () => this.enter(welcome),
      (error: unknown) => this.refuse(error),
    );
  }

  async #presentOnce(token: string): Promise<void> {
    checkTokenLength(token);
    await this.admission.present(token);
  }

  /** Never rejects. A refresh that fails leaves all as it was. */
  async #refresh(token: string, about: About): Promise<void> {
    try {
      await this.welcomed();
      if (this.isClosing) return;
      this.renew(await this.admission.refresh(token));
      this.push(() => this.#authSuccess(about.id));
      await this.#desk?.checkAgain();
    } catch (error) {
      if (this.isClosing) return;
      if (!isForClient(error)) this.report(error, "refresh");
      this.#answerError(publicError(error), about);
    } finally {
      this.#refreshes -= 1;
    }
  }

  #authSuccess(id: MessageId | undefined): Frame {
    return encodeTextFrame(encodeAuthSuccess({ user: this.#face, expiresInMs: this.#expiresInMs, id }));
  }

  /** Its public face: the rest of what `auth` knows is the server's. */
  get #face(): Identity | undefined {
    return this.user && { id: this.user.id };
  }

  get #expiresInMs(): number | undefined {
    const { expiresAtMs } = this.admission;
    return expiresAtMs === undefined ? undefined : Math.max(0, expiresAtMs - this.environment.clock.now());
  }

  #welcome(): Frame {
    return encodeTextFrame(
      encodeConnected({
        connection: this.id,
        heartbeatMs: this.route.limits.heartbeat,
        user: this.#face,
        expiresInMs: this.#expiresInMs,
      }),
    );
  }

  /** Its turn has come. Never throws; a promise it returns never rejects. */
  handle(message: ClientMessage | BadMessage): void | Promise<void> {
    this.record.ended();
    if ("error" in message) {
      if (this.takeControl(message)) this.#answerError({ code: message.error, message: message.message }, message);
      return;
    }
    const received = declaredFor(this.#speaks.receives, message.type, "from-clients");
    // What others hear counts like what the app declares.
    if (received === undefined && message.type !== "publish") {
      if (!this.takeControl(message)) return;
      if (channelRequests.has(message.type)) return this.#handleChannel(message);
      this.#answerError(new TidingsError("unknown_type"), message);
      return;
    }
    const waitMs = this.rate.messageWaitMs;
    if (waitMs > 0) {
      this.limitRate(waitMs, message);
      return;
    }
    const { messagesPerUser } = this.route.limits;
    if (messagesPerUser !== undefined && this.user !== undefined) {
      return this.#handleWithinUsers(received, message, this.user.id, messagesPerUser);
    }
    this.rate.passMessage();
    return this.#handleNow(received, message);
  }

  #handleNow(received: Received | undefined, message: ClientMessage): void | Promise<void> {
    return received === undefined ? this.#handleChannel(message) : this.#handleMessage(received, message);
  }

  /** Counts it among all that the user says, at any connection. Never throws, and never rejects. */
  #handleWithinUsers(
    received: Received | undefined,
    message: ClientMessage,
    user: string,
    limit: RateLimit,
  ): void | Promise<void> {
    const { hub, clock } = this.environment;
    const goOn = (waitMs: number) => {
      if (this.isStopped) return;
      if (waitMs > 0) {
        this.limitRate(waitMs, message);
        return;
      }
      this.rate.passMessage();
      return this.#handleNow(received, message);
    };
    const fail = (error: unknown) => this.#answerFailure(error, message);
    try {
      const waitMs = hub.countMessage(user, this.route.userRateScope, limit, clock.elapsed());
      return isPending(waitMs) ? waitMs.then(goOn, fail) : goOn(waitMs);
    } catch (error) {
      fail(error);
    }
  }

  /** It is about a channel. */
  #handleChannel(message: ClientMessage): void | Promise<void> {
    try {
      const handled = this.#askDesk(message);
      if (handled === undefined) return;
      return this.run(handled.catch((error: unknown) => this.#answerFailure(error, message)));
    } catch (error) {
      this.#answerFailure(error, message);
    }
  }

  #askDesk(message: ClientMessage): Eventually<void> {
    const { tracing } = this.environment.observer;
    return tracing === undefined ? this.#channelDesk.handle(message) : this.#askTraced(tracing, message);
  }

  #askTraced(tracing: Tracing, message: ClientMessage): Eventually<void> {
    const { type, trace } = message;
    const traced = { endpoint: this.route.endpoint.pattern.source, type, connection: this.id, trace };
    return tracing.message(traced, () => this.#channelDesk.handle(message));
  }

  #handleMessage(received: Received, message: ClientMessage): void | Promise<void> {
    try {
      const reply = handle(received, message, this.#scene);
      if (!(reply instanceof Promise)) {
        this.#reply(message, reply);
        return;
      }
      const answered = reply.then(
        (later) => this.#reply(message, later),
        (error: unknown) => this.#answerFailure(error, message),
      );
      const { handler } = this.route.limits;
      return this.run(handler === undefined ? answered : this.#withinTime(answered, handler, message));
    } catch (error) {
      this.#answerFailure(error, message);
    }
  }

  /** Resolves when it is answered, or has taken too long: then its answer is `timeout`, and what it does later is not told. */
  async #withinTime(answered: Promise<void>, limitMs: number, message: ClientMessage): Promise<void> {
    if (await this.environment.agenda.settledWithin(limitMs, answered)) return;
    this.#late ??= new Set();
    this.#late.add(message);
    void answered.then(() => this.#late?.delete(message));
    this.runOn(answered);
    this.#answerError(new TidingsError("timeout"), message);
  }

  /** The same for all messages, until a refresh changes the context. */
  get #scene(): Scene {
    const { context } = this;
    if (this.#lastScene?.context !== context) {
      this.#lastScene = {
        context,
        use: this.route.use,
        watch: (during, call) => this.watch(during, call),
        report: (error) => this.report(error, "a middleware's next"),
        tracing: this.environment.observer.tracing,
        endpoint: this.route.endpoint.pattern.source,
        connection: this.id,
      };
    }
    return this.#lastScene;
  }

  #reply(message: ClientMessage, json: ReplyJson): void {
    const { id } = message;
    if (id === undefined || json === undefined || this.#late?.has(message) === true) return;
    this.push(() => encodeTextFrame(encodeReplyJson(id, json)));
  }

  #answerFailure(error: unknown, message: ClientMessage): void {
    if (!isForClient(error)) this.report(error, `message "${message.type}"`);
    if (this.#late?.has(message) === true) return;
    const told = publicError(error);
    // To find so many has cost more than it costs to send them.
    if (told.issues !== undefined && told.issues.length > MANY_ISSUES) this.strike(told, message);
    else this.#answerError(told, message);
  }

  #answerError(error: Pick<TidingsError, "code" | "message" | "issues" | "retryAfterMs">, about: About): void {
    const { code, message, issues } = error;
    // Where the table says that the answer tells when to come again, it does.
    const retryAfterMs = error.retryAfterMs ?? (isErrorCode(code) && errorCodes[code].retryAfterMs ? 1_000 : undefined);
    const { id, type } = about;
    const channel = type !== undefined && channelRequests.has(type) ? channelIn(about.payload) : undefined;
    const isTold = this.push(() => {
      return encodeTextFrame(encodeError({ code, message, id, channel, type, issues, retryAfterMs }));
    });
    if (!isTold) return;
    const { observer } = this.environment;
    observer.counters.errorsAnswered += 1;
    observer.answered(code);
    this.record.answered({ code, message: wordsOf({ code, message }), type });
  }
}

const RETRY_REFRESH_MS = 1_000;
const DONE = Promise.resolve();
const PING_MESSAGE = encodeTextFrame(encodePing());

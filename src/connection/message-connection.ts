import type { Timer } from "../base/clock.js";
import { ConfigError } from "../base/config-error.js";
import { ownedPromise } from "../base/owned-promise.js";
import { isThenable } from "../base/thenable.js";
import type { ChannelRef } from "../declare/channel.js";
import type { Connection } from "../declare/connection.js";
import type { Identity } from "../declare/credential.js";
import type { Received, SpeaksMessages } from "../declare/endpoint.js";
import { encodeTextFrame, type Frame } from "../delivery/frame.js";
import { encodeOutgoing, encodeValidated } from "../hub/outgoing.js";
import {
  encodeConnected,
  encodeError,
  encodePayload,
  encodePong,
  encodeReplyJson,
  encodeSubscribed,
  encodeUnsubscribed,
} from "../protocol/encode-message.js";
import { type BadMessage, barePong, type ClientMessage, type MessageId } from "../protocol/message.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { type Validated, validate } from "../schema/validate.js";
import { isForClient, LiveConnection, type LiveConnectionOptions } from "./live-connection.js";
import type { OneAtATime } from "./one-at-a-time.js";
import { receive } from "./reception.js";
import { publicError } from "./refusal.js";
import type { Route } from "./route.js";

export interface MessageConnectionOptions extends LiveConnectionOptions {
  readonly speaks: SpeaksMessages;
  /** Was `tidings.v1` selected? */
  readonly isOurClient: boolean;
}

/** A connection that speaks messages (PROTOCOL.md). What is said to it goes the way down this file. */
export class MessageConnection
  extends LiveConnection
  implements Connection<Identity | undefined, Record<string, unknown>, ChannelRef>
{
  readonly #speaks: SpeaksMessages;
  readonly #isOurClient: boolean;
  readonly #expiresAtMs: number | undefined;
  readonly #work: OneAtATime<ClientMessage | BadMessage>;
  /** Runs out when a client of `tidings.v1` has not said `connect` in time. */
  #greeting: Timer | undefined;
  #hasGreeted: boolean;
  /** Joins that `open` began. */
  #joins: Promise<void>[] | undefined = [];

  constructor(options: MessageConnectionOptions) {
    super(options);
    this.#speaks = options.speaks;
    this.#isOurClient = options.isOurClient;
    this.#hasGreeted = !options.isOurClient;
    this.#expiresAtMs = options.admission.expiresAtMs;
    this.#work = this.createQueue((message) => this.#handle(message));
  }

  start(): void {
    if (this.#hasGreeted) {
      this.enter();
    } else {
      const { clock } = this.environment;
      this.#greeting = clock.after(this.route.limits.auth, () => this.close(1008, "auth_timeout"));
    }
  }

  text(text: string): void {
    const { counters } = this.environment.observer;
    counters.messagesReceived += 1;
    counters.bytesReceived += text.length;
    const reception = receive(text, this.#hasGreeted);
    switch (reception.do) {
      case "nothing":
        return;
      case "pong":
        this.push(() => encodeTextFrame(reception.bare ? barePong : encodePong(reception.id)));
        return;
      case "enter":
        this.#hasGreeted = true;
        this.#greeting?.cancel();
        this.enter(() => this.#welcome());
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

  readonly send = (type: string, payload: unknown = {}): boolean => {
    const schema = this.#speaks.sends.get(type);
    if (schema === undefined) throw new TypeError(`Declare "${type}" in the endpoint's \`sends\` first.`);
    if (this.isClosing) return false;
    const payloadJson = encodeOutgoing(schema, payload, `the message "${type}"`);
    return this.push(() => encodeTextFrame(`{"type":${JSON.stringify(type)},"payload":${payloadJson}}`));
  };

  join(...refs: readonly ChannelRef[]): Promise<void> {
    for (const ref of refs) this.#checkListed(ref);
    const fresh = [...new Set(refs.map((ref) => ref.channel))].filter((channel) => !this.channels.has(channel));
    if (this.channels.size + fresh.length > this.route.limits.channels) {
      throw new TidingsError("too_many_channels");
    }
    if (this.isClosing || fresh.length === 0) return Promise.resolve();
    const joined = this.joinAll(fresh).catch((error: unknown) => {
      for (const channel of fresh) if (!this.channels.has(channel)) this.#sayLeft(channel);
      throw error;
    });
    if (this.#isOurClient) {
      for (const channel of fresh) this.push(() => encodeTextFrame(encodeSubscribed({ channel })));
    }
    this.#joins?.push(joined.catch(() => {}));
    const { turn } = this.environment;
    return ownedPromise(joined, (error) => this.report(error, "join"), turn.endOfTurn);
  }

  async leave(...refs: readonly ChannelRef[]): Promise<void> {
    for (const { channel } of refs) {
      if (!this.channels.has(channel)) continue;
      this.environment.hub.leave(this, channel);
      this.#sayLeft(channel);
    }
  }

  protected override async joined(): Promise<void> {
    await Promise.all(this.#joins ?? []);
    this.#joins = undefined;
  }

  protected begin(): void {
    this.#work.release();
  }

  protected finish(): Promise<void> {
    return this.#work.finish();
  }

  protected stop(): void {
    this.#greeting?.cancel();
    this.#work.stop();
  }

  #sayLeft(channel: string): void {
    if (this.#isOurClient) this.push(() => encodeTextFrame(encodeUnsubscribed({ channel, code: "left" })));
  }

  #welcome(): Frame {
    const { clock } = this.environment;
    return encodeTextFrame(
      encodeConnected({
        connection: this.id,
        heartbeatMs: this.route.limits.heartbeat,
        // Its public face: the rest of what `auth` knows is the server's.
        user: this.user && { id: this.user.id },
        expiresInMs: this.#expiresAtMs === undefined ? undefined : Math.max(0, this.#expiresAtMs - clock.now()),
      }),
    );
  }

  /** Its turn has come. Never throws; a promise it returns never rejects. */
  #handle(message: ClientMessage | BadMessage): void | Promise<void> {
    if ("error" in message) {
      this.#answerError({ code: message.error, message: message.message }, message);
      return;
    }
    const received = this.#speaks.receives.get(message.type);
    if (received === undefined) {
      this.#answerError(new TidingsError("unknown_type"), message);
      return;
    }
    try {
      const handled = this.#validate(received, message);
      if (handled === undefined) return;
      return this.run(handled.catch((error: unknown) => this.#answerFailure(error, message)));
    } catch (error) {
      this.#answerFailure(error, message);
    }
  }

  // From here to the reply a step is asynchronous only where the schema, the handler or a middleware is: a promise for
  // each message costs more than all the rest.

  #validate(received: Received, message: ClientMessage): undefined | Promise<void> {
    const validated = validate(received.schema, message.payload);
    if (validated instanceof Promise) return validated.then((later) => this.#call(received, message, later));
    return this.#call(received, message, validated);
  }

  #call(received: Received, message: ClientMessage, validated: Validated): undefined | Promise<void> {
    if ("issues" in validated) throw new TidingsError("invalid_payload", undefined, { issues: validated.issues });
    const { use } = this.route;
    const result =
      use.length === 0
        ? received.handle(this.context, validated.value)
        : this.#callThrough(use, received, { ...message, payload: validated.value });
    if (isThenable(result)) return Promise.resolve(result).then((later) => this.#reply(received, message, later));
    return this.#reply(received, message, result);
  }

  #reply(received: Received, message: ClientMessage, result: unknown): undefined | Promise<void> {
    const { id, type } = message;
    if (id === undefined || this.isClosing) return undefined;
    if (received.reply === undefined) {
      this.#pushReply(id, encodePayload(result));
      return undefined;
    }
    const validated = validate(received.reply, result);
    const what = `the reply to "${type}"`;
    if (validated instanceof Promise)
      return validated.then((later) => this.#pushReply(id, encodeValidated(later, what)));
    this.#pushReply(id, encodeValidated(validated, what));
    return undefined;
  }

  #pushReply(id: MessageId, payloadJson: string): void {
    this.push(() => encodeTextFrame(encodeReplyJson(id, payloadJson)));
  }

  /** Through each middleware to the handler, whose result none of them can change. */
  async #callThrough(use: Route["use"], received: Received, message: ClientMessage): Promise<unknown> {
    let result: unknown;
    const callFrom = async (index: number): Promise<void> => {
      const middleware = use[index];
      if (middleware === undefined) result = await received.handle(this.context, message.payload);
      else await middleware(this.context, message, () => callFrom(index + 1));
    };
    await callFrom(0);
    return result;
  }

  #answerFailure(error: unknown, message: ClientMessage): void {
    if (!isForClient(error)) this.report(error, `message "${message.type}"`);
    this.#answerError(publicError(error), message);
  }

  #answerError(error: Pick<TidingsError, "code" | "message" | "issues" | "retryAfterMs">, about: About): void {
    const { code, message, issues, retryAfterMs } = error;
    this.environment.observer.counters.errorsAnswered += 1;
    const { id, type } = about;
    this.push(() => encodeTextFrame(encodeError({ code, message, id, type, issues, retryAfterMs })));
  }

  #checkListed(ref: ChannelRef): void {
    if (this.#speaks.channels.includes(ref["~definition"])) return;
    throw new ConfigError("channel_not_listed", {
      message: `${this.route.endpoint.pattern.source} joins a connection to "${ref.pattern}".`,
      fix: "List this channel in the endpoint's `channels` first.",
    });
  }
}

interface About {
  readonly id?: MessageId | undefined;
  readonly type?: string | undefined;
}

import { ConfigError } from "../base/config-error.js";
import { type Eventually, whenThere } from "../base/eventually.js";
import { isThenable } from "../base/thenable.js";
import { type ChannelDefinition, type ChannelEvent, type ChannelRef, checkNamed } from "../declare/channel.js";
import type { Identity } from "../declare/identity.js";
import { encodeTextFrame, type Frame } from "../delivery/frame.js";
import type { ChannelPlace, Listener } from "../hub/channels.js";
import type { Arrival, Membership } from "../hub/membership.js";
import { encodeValidated } from "../hub/outgoing.js";
import { fieldsOf } from "../hub/watchers.js";
import { declaredFor } from "../protocol/any-type.js";
import {
  parseHistory,
  parsePresence,
  parsePublish,
  parseSubscribe,
  parseTaskCancel,
  parseUnsubscribe,
  type StreamPosition,
} from "../protocol/channel-requests.js";
import {
  EncodeError,
  encodeHistory,
  encodeMembers,
  encodeReply,
  encodeReplyJson,
  encodeSubscribed,
  encodeUnsubscribed,
  type UnsubscribedFields,
} from "../protocol/encode-message.js";
import type { ClientMessage, MessageId } from "../protocol/message.js";
import { isChannelName } from "../protocol/names.js";
import { forbidden, TidingsError } from "../protocol/tidings-error.js";
import { validateNow } from "../schema/validate.js";
import type { Environment } from "./environment.js";
import type { Route } from "./route.js";

/** Whose channels these are. */
export interface DeskHost extends Listener {
  readonly user: Identity | undefined;
  readonly route: Route;
  readonly environment: Environment;
  /** Is it told of what the server does about its channels? */
  readonly isOurClient: boolean;
  readonly isClosing: boolean;
  /** Nothing more of what it says is done. */
  readonly isStopped: boolean;
  /** Changes when its credential does. */
  readonly credentials: object | undefined;
  needsOf(definition: ChannelDefinition): Readonly<Record<string, unknown>>;
  push(frame: () => Frame): boolean;
  /** Runs app code, and measures it. */
  watch<Result>(during: string, call: () => Result): Result;
  report(error: unknown, during: string): void;
}

/** What one connection does about channels: the server joins it to some, and others it subscribes to itself. */
export class ChannelDesk {
  readonly #host: DeskHost;
  readonly #channels: readonly ChannelDefinition[];
  /** Where it stood on channels when it was connected last; each counts once. */
  readonly #since: Map<string, StreamPosition>;

  constructor(
    host: DeskHost,
    channels: readonly ChannelDefinition[],
    since: ReadonlyMap<string, StreamPosition> | undefined,
  ) {
    this.#host = host;
    this.#channels = channels;
    this.#since = new Map(since);
  }

  /**
   * Joins it to those that it is not on.
   *
   * @throws ConfigError for a channel that its endpoint does not list, TidingsError `too_many_channels`
   */
  join(refs: readonly ChannelRef[]): Promise<unknown> | undefined {
    const host = this.#host;
    for (const ref of refs) this.#checkListed(ref);
    const fresh = new Map(refs.map((ref) => [ref.channel, ref]));
    const joining: Promise<void>[] = [];
    for (const channel of [...fresh.keys()]) {
      const known = host.memberships?.get(channel);
      if (known !== undefined) fresh.delete(channel);
      if (known?.arriving !== undefined) joining.push(known.arriving);
    }
    if (this.#count + fresh.size > host.route.limits.channels) throw new TidingsError("too_many_channels");
    for (const ref of fresh.values()) {
      // Also by what it was told of the one before, which may have been too much for it.
      if (host.isClosing) break;
      try {
        const joined = this.#joinOne(ref);
        if (joined !== undefined) joining.push(joined);
      } catch (error) {
        joining.push(Promise.reject(error));
      }
    }
    return joining.length === 0 ? undefined : Promise.all(joining);
  }

  /** Takes it off these. */
  leave(refs: readonly ChannelRef[]): void {
    for (const ref of refs) {
      checkNamed(ref);
      this.#takeOff(ref.channel, "left");
    }
  }

  /** Does what the client asks for. Throws, or rejects with, what is wrong. */
  handle(message: ClientMessage): Eventually<void> {
    switch (message.type) {
      case "subscribe":
        return this.#subscribe(message);
      case "unsubscribe":
        return this.#unsubscribe(message);
      case "publish":
        return this.#publish(message);
      case "presence":
        return this.#tellPresence(message);
      case "history":
        return this.#tellHistory(message);
      case "task_cancel":
        return this.#cancelTask(message);
    }
  }

  /** Its credential is a fresh one: what it subscribed to itself, and may not any more, it is taken off. Never rejects. */
  async checkAgain(): Promise<void> {
    // All at once: a permission that takes its time must not keep it on the channels behind.
    const memberships = [...(this.#host.memberships ?? [])].filter(([, { isOwn }]) => isOwn);
    await Promise.all(memberships.map(([channel, membership]) => this.#checkOneAgain(channel, membership)));
  }

  async #checkOneAgain(channel: string, membership: Membership): Promise<void> {
    try {
      await this.#checkMay("subscribe", { channel, "~definition": membership.audience.definition });
    } catch (error) {
      if (!(error instanceof TidingsError)) this.#host.report(error, `allow of "${channel}"`);
      if (this.#host.memberships?.get(channel) === membership) this.#takeOff(channel, "forbidden");
    }
  }

  get #count(): number {
    return this.#host.memberships?.size ?? 0;
  }

  #joinOne(ref: ChannelRef): Promise<void> | undefined {
    const host = this.#host;
    const since = this.#since.get(ref.channel);
    this.#since.delete(ref.channel);
    const welcome = host.isOurClient
      ? (arrival: Arrival) => this.#subscribed(ref.channel, undefined, arrival)
      : undefined;
    return host.environment.hub.channels.join(host, ref, { isOwn: false, since, welcome });
  }

  #subscribe({ id, payload }: ClientMessage): Eventually<void> {
    const { channel, since, rewind, presence } = parseSubscribe(payload);
    const place = this.#find(channel);
    if (presence) this.#checkPresence(place);
    this.#checkRoom(channel);
    return whenThere(this.#checkMay("subscribe", place), () => {
      const host = this.#host;
      if (host.isClosing) return;
      // Handlers that took too long, and still run, may have joined it meanwhile.
      this.#checkRoom(channel);
      let isAnswered = false;
      const welcome = (arrival: Arrival) => {
        isAnswered = true;
        return this.#subscribed(channel, id, arrival);
      };
      const options = { isOwn: true, since, rewind, watches: presence, welcome };
      return whenThere(host.environment.hub.channels.join(host, place, options), () => {
        if (!isAnswered && !host.isClosing) throw forbidden("The server took this connection off the channel.");
      });
    });
  }

  #unsubscribe({ id, payload }: ClientMessage): void {
    const { channel } = parseUnsubscribe(payload);
    const { isOwn } = this.#membershipOf(channel);
    if (!isOwn) throw forbidden("The server has put this connection on the channel.");
    this.#host.environment.hub.channels.leave(this.#host, channel);
    this.#tellOff({ channel, id });
  }

  async #publish({ id, payload }: ClientMessage): Promise<void> {
    const host = this.#host;
    const given = parsePublish(payload);
    const place = this.#find(given.channel);
    const { allow, events, history, pattern } = place["~definition"];
    if (allow.publish === false) throw forbidden("Clients may not publish here.");
    const schema = declaredFor(events, given.type, "from-servers");
    if (schema === undefined) throw new TidingsError("unknown_type", "There is no such event on this channel.");
    const validated = validateNow(schema, given.payload);
    if ("issues" in validated) throw new TidingsError("invalid_payload", undefined, { issues: validated.issues });
    const event = { type: given.type, payload: validated.value };
    const payloadJson = encodeForClient(() => encodeValidated(validated, `an event of "${pattern.source}"`));
    await this.#checkMay("publish", place, event);
    // Who says something and closes at once has said it; what we closed says nothing more.
    if (host.isStopped) return;
    const key = given.key === undefined ? undefined : this.#keyOf(given.key);
    const { offset } = await host.environment.hub.channels.publishJson(place, event, payloadJson, { key });
    if (id === undefined) return;
    host.push(() => encodeTextFrame(encodeReply(id, history === undefined ? {} : { offset }, given.channel)));
  }

  #tellPresence({ id, payload }: ClientMessage): Eventually<void> {
    checkId(id);
    const { channel, watch } = parsePresence(payload);
    const place = this.#find(channel);
    const { audience, outbox } = this.#membershipOf(channel);
    this.#checkPresence(place);
    if (watch === false) audience.unwatch(outbox);
    const members = watch === true && !audience.isWatchedBy(outbox) ? audience.watch(outbox) : audience.members();
    return whenThere(members, (found) => {
      const fields = { ...fieldsOf(found, this.#host.environment.limits.members), count: found.count };
      this.#host.push(() => encodeTextFrame(encodeReplyJson(id, encodeMembers(fields), channel)));
    });
  }

  async #tellHistory({ id, payload }: ClientMessage): Promise<void> {
    checkId(id);
    const { channel, limit = DEFAULT_HISTORY, before } = parseHistory(payload);
    const { "~definition": definition } = this.#find(channel);
    this.#membershipOf(channel);
    if (definition.history === undefined) throw forbidden("This channel keeps no history.");
    const { environment, route } = this.#host;
    const found = await environment.hub.channels.history(channel, limit, before, route.limits.outbox);
    const { epoch, events } = found;
    // One frame, which an outbox that is empty takes also where its one event is larger.
    this.#host.push(() => encodeTextFrame(encodeHistory({ id, epoch, events, channel })));
  }

  /** Of the tasks that it hears of. */
  async #cancelTask({ id, payload }: ClientMessage): Promise<void> {
    const host = this.#host;
    if (!this.#channels.some(({ cancel }) => cancel !== undefined)) throw new TidingsError("unknown_type");
    const { task } = parseTaskCancel(payload);
    const { app } = host.environment;
    for (const { audience } of [...(host.memberships?.values() ?? [])]) {
      const { definition, params } = audience;
      if ((await definition.cancel?.({ app, params }, task)) !== true) continue;
      if (id !== undefined) host.push(() => encodeTextFrame(encodeReply(id, null)));
      return;
    }
    throw new TidingsError("not_found", "There is no such task here, or it has ended.");
  }

  /** The channel of this name, which one of the endpoint's must match. */
  #find(channel: string): ChannelPlace {
    const segments = isChannelName(channel) ? channel.split("/") : [];
    const definition = this.#channels.find(({ pattern }) => pattern.match(segments) !== undefined);
    if (definition === undefined) throw new TidingsError("not_found", "There is no such channel here.");
    return { channel, "~definition": definition };
  }

  #membershipOf(channel: string): Membership {
    const membership = this.#host.memberships?.get(channel);
    if (membership === undefined) throw new TidingsError("not_subscribed");
    return membership;
  }

  #checkRoom(channel: string): void {
    if (this.#host.memberships?.has(channel) === true) throw new TidingsError("already_subscribed");
    if (this.#count >= this.#host.route.limits.channels) throw new TidingsError("too_many_channels");
  }

  #checkPresence({ "~definition": { presence } }: ChannelPlace): void {
    if (presence === undefined) throw forbidden("This channel has no presence.");
  }

  /** Asked anew where the credential was refreshed while it was being asked. */
  #checkMay(what: "subscribe" | "publish", place: ChannelPlace, event?: ChannelEvent): Eventually<void> {
    const host = this.#host;
    const { "~definition": definition, channel } = place;
    const may = definition.allow[what];
    if (may === true) return;
    if (may === false) throw forbidden(`Clients may not ${what} here.`);
    const { credentials } = host;
    const params = definition.pattern.match(channel.split("/"));
    const given = { ...host.needsOf(definition), params };
    // Of the two, only `publish` looks at the event.
    const answer = host.watch(`allow of "${definition.pattern.source}"`, () => may(given, event as ChannelEvent));
    return whenThere(isThenable(answer) ? this.#inTime(Promise.resolve(answer)) : answer, (isAllowed) => {
      if (host.credentials !== credentials) return this.#checkMay(what, place, event);
      if (isAllowed !== true) throw forbidden();
    });
  }

  /** Rejects with `unavailable` where it takes longer than `limits.needs`. */
  async #inTime(answer: Promise<boolean>): Promise<boolean> {
    const { agenda } = this.#host.environment;
    if (await agenda.settledWithin(this.#host.route.limits.needs, answer)) return answer;
    const cause = new Error("`allow` took longer than limits.needs.");
    this.#host.report(cause, "allow");
    throw new TidingsError("unavailable", undefined, { cause });
  }

  #checkListed(ref: ChannelRef): void {
    checkNamed(ref);
    if (this.#channels.includes(ref["~definition"])) return;
    throw new ConfigError("channel_not_listed", {
      message: `${this.#host.route.endpoint.pattern.source} joins a connection to "${ref.pattern}".`,
      fix: "List this channel in the endpoint's `channels` first.",
    });
  }

  #takeOff(channel: string, code: "left" | "forbidden"): void {
    const host = this.#host;
    const isTold = host.memberships?.get(channel)?.isTold === true;
    host.environment.hub.channels.leave(host, channel);
    if (isTold) this.#tellOff({ channel, code });
  }

  /** It tells where the client stands: past the outbox's limit too (PROTOCOL.md, The outbox). */
  #tellOff(fields: UnsubscribedFields): void {
    if (!this.#host.isClosing) this.#host.outbox.push(encodeTextFrame(encodeUnsubscribed(fields)), true);
  }

  #subscribed(channel: string, id: MessageId | undefined, arrival: Arrival): Frame {
    const { position, recovered, members, stateJson } = arrival;
    const present = members && fieldsOf(members, this.#host.environment.limits.members);
    return encodeTextFrame(encodeSubscribed({ channel, id, ...position, recovered, ...present, stateJson }));
  }

  /** What a client chose can't be another's, nor one of the server's own. */
  #keyOf(key: string): string {
    const { user } = this.#host;
    return JSON.stringify(user === undefined ? [key] : [user.id, key]);
  }
}

/** Of those that clients may say, the messages about channels. */
export const channelRequests: ReadonlySet<string> = new Set([
  "subscribe",
  "unsubscribe",
  "publish",
  "presence",
  "history",
  "task_cancel",
]);

const DEFAULT_HISTORY = 100;

function checkId(id: MessageId | undefined): asserts id is MessageId {
  if (id === undefined) throw new TidingsError("invalid_message", "This needs an `id`, which its answer carries.");
}

/** What can't be written as JSON is the client's own fault here (PROTOCOL.md, A message). */
function encodeForClient(encode: () => string): string {
  try {
    return encode();
  } catch (cause) {
    if (cause instanceof EncodeError) throw new TidingsError("invalid_payload", cause.message, { cause });
    throw cause;
  }
}

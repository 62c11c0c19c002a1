import { isPending } from "../base/eventually.js";
import { nearestOf } from "../base/nearest.js";
import type {
  BrokerEvent,
  BrokerLink,
  HistoryPage,
  Keep,
  Members,
  Position,
  PresenceChange,
  Publication,
} from "../broker/broker.js";
import type { ChannelDefinition, ChannelEvent, ChannelRef, HistoryDefinition } from "../declare/channel.js";
import type { ChannelView } from "../declare/process-view.js";
import type { Outbox } from "../delivery/outbox.js";
import type { TracedEvent, Tracing } from "../observe/observe.js";
import { declaredFor } from "../protocol/any-type.js";
import { validateNow } from "../schema/validate.js";
import { Attendance } from "./attendance.js";
import { Audience, type AudienceHost } from "./audience.js";
import { type ArrivalOptions, Membership } from "./membership.js";
import { encodeValidated } from "./outgoing.js";

/** Who can be on channels: a connection. */
export interface Listener {
  readonly id: string;
  readonly outbox: Outbox;
  /** By the channels' names; undefined until it joins the first. */
  memberships: Map<string, Membership> | undefined;
  /** Tells its devices from those of others. */
  readonly presentAs: string;
  /** Can it come back as the same member? */
  readonly mayReturn: boolean;
  /** What is shown of it on a channel with presence, as JSON text. */
  faceOn(definition: ChannelDefinition, params: Readonly<Record<string, string>>): string;
}

/** A channel by name. */
export type ChannelPlace = Pick<ChannelRef, "channel" | "~definition">;

export interface ChannelsOptions extends AudienceHost {
  readonly presenceGraceMs: number;
}

export interface PublishDetails {
  /** The id of the connection that is not to hear it. */
  readonly except?: string | undefined;
  readonly key?: string | undefined;
}

/** All channels that somebody of this process is on. */
export class Channels {
  readonly #host: AudienceHost;
  readonly #audiences = new Map<string, Audience>();
  readonly #attendance: Attendance;

  constructor({ presenceGraceMs, ...host }: ChannelsOptions) {
    this.#host = host;
    const { link, after, onError } = host;
    this.#attendance = new Attendance({ link, after, graceMs: presenceGraceMs, onError });
  }

  get count(): number {
    return this.#audiences.size;
  }

  /** What can be seen of each. */
  *views(): Iterable<ChannelView> {
    for (const audience of this.#audiences.values()) yield viewOf(audience);
  }

  /**
   * Puts it on the channel, which it is not on. With a broker of this process it has arrived when this returns; otherwise
   * when the promise resolves. What goes wrong takes it off again.
   */
  join(listener: Listener, place: ChannelPlace, options: ArrivalOptions): Promise<void> | undefined {
    const { channel, "~definition": definition } = place;
    const audience = this.#audienceOf(channel, definition);
    const membership = new Membership(audience, listener.outbox, options);
    audience.size += 1;
    listener.memberships ??= new Map();
    listener.memberships.set(channel, membership);
    const undo = () => {
      // Unless it has left meanwhile, and joined anew.
      if (listener.memberships?.get(channel) === membership) this.leave(listener, channel);
    };
    try {
      if (definition.presence !== undefined) this.#attend(listener, membership);
      const { opening } = audience;
      const arriving =
        opening === undefined ? membership.arrive(options) : opening.then(() => membership.arrive(options));
      if (!isPending(arriving)) return undefined;
      membership.arriving = arriving.then(
        () => {
          membership.arriving = undefined;
        },
        (error: unknown) => {
          undo();
          throw error;
        },
      );
      return membership.arriving;
    } catch (error) {
      undo();
      throw error;
    }
  }

  /** It hears nothing of the channel that is published from now on. False where it was not on it. */
  leave(listener: Listener, channel: string, how: "at-once" | "after-grace" = "at-once"): boolean {
    const membership = listener.memberships?.get(channel);
    if (membership === undefined) return false;
    listener.memberships?.delete(channel);
    membership.leave();
    const { audience } = membership;
    if (membership.isPresent) {
      this.#attendance.leave(channel, listener.presentAs, listener.mayReturn ? how : "at-once");
    }
    audience.size -= 1;
    if (audience.size > 0 || this.#audiences.get(channel) !== audience) return true;
    this.#audiences.delete(channel);
    const { link, onError } = this.#host;
    link.unsubscribe(channel).catch((error) => onError(error, "unsubscribe"));
    return true;
  }

  /**
   * Says it to everyone on the channel, in every process. Resolves when the broker has it, and it is in the outboxes of this
   * one. Rejects with an `OutgoingPayloadError` where it does not fit.
   */
  async publish(ref: ChannelRef, { type, payload }: ChannelEvent, details: PublishDetails): Promise<Position> {
    const schema = declaredFor(ref["~definition"].events, type, "from-servers");
    if (schema === undefined) throw unknownEvent(ref, type);
    const validated = validateNow(schema, payload);
    const payloadJson = encodeValidated(validated, `the event "${type}" of "${ref.pattern}"`);
    const value = "value" in validated ? validated.value : undefined;
    return this.publishJson(ref, { type, payload: value }, payloadJson, details);
  }

  /** The same for what was validated and encoded. */
  publishJson(
    { channel, "~definition": { history, overflow, pattern } }: ChannelPlace,
    event: ChannelEvent,
    payloadJson: string,
    { except, key }: PublishDetails,
  ): Promise<Position> {
    const { link, counters, tracing } = this.#host;
    const { type } = event;
    counters.eventsPublished += 1;
    const latestOf = typeof overflow === "object" ? overflow.keepLatestBy(event) : undefined;
    const keep = history && keepOf(history, event);
    const publication = { channel, type, payloadJson, except, keep, key, latestOf };
    if (tracing === undefined) return link.publish(publication);
    return publishTraced(tracing, { channel: pattern.source, type }, link, publication);
  }

  /** Of more than `limit`, or than have room in these bytes, the newest. */
  async history(channel: string, limit: number, before?: number, bytes?: number): Promise<HistoryPage> {
    const { link, limits } = this.#host;
    return link.read(channel, { limit: Math.min(limit, limits.historyPage), before, bytes });
  }

  /** Everybody who is present, over all processes. */
  async members(channel: string, limit: number): Promise<Members> {
    return this.#host.link.members(channel, limit);
  }

  deliver(event: BrokerEvent, except: Outbox | undefined): void {
    this.#audiences.get(event.channel)?.deliver(event, except);
  }

  skip(channel: string, position: Position): void {
    this.#audiences.get(channel)?.skip(position);
  }

  meet(change: PresenceChange): void {
    this.#audiences.get(change.channel)?.meet(change);
  }

  meetAnew(channel: string): void {
    this.#audiences.get(channel)?.meetAnew();
  }

  close(): void {
    this.#attendance.close();
  }

  #attend(listener: Listener, membership: Membership): void {
    const { channel, definition, params } = membership.audience;
    membership.isPresent = true;
    this.#attendance
      .enter(channel, listener.presentAs, () => listener.faceOn(definition, params))
      .catch((error: unknown) => {
        // Who can't be shown hears the channel all the same.
        membership.isPresent = false;
        this.#host.onError(error, `presence of "${channel}"`);
      });
  }

  #audienceOf(channel: string, definition: ChannelDefinition): Audience {
    const known = this.#audiences.get(channel);
    if (known !== undefined) return known;
    const audience = new Audience(channel, definition, this.#host);
    this.#audiences.set(channel, audience);
    try {
      audience.open();
    } catch (error) {
      this.#audiences.delete(channel);
      throw error;
    }
    return audience;
  }
}

/** By itself: what a function holds for another one is made at each call, also where there is nobody to call it. */
function publishTraced(
  tracing: Tracing,
  what: TracedEvent,
  link: BrokerLink,
  publication: Publication,
): Promise<Position> {
  return tracing.publish(what, (trace) => link.publish({ ...publication, trace }));
}

function viewOf({ channel, definition, size, lane, position, eventCount }: Audience): ChannelView {
  const { source } = definition.pattern;
  const { offset } = position;
  return { channel, pattern: source, connections: size, behind: size - lane.size, offset, events: eventCount };
}

function keepOf(history: HistoryDefinition, event: ChannelEvent): Keep {
  const { size, ttlMs, subjectOf } = history;
  return subjectOf === undefined ? history : { size, ttlMs, subject: subjectOf(event) };
}

function unknownEvent({ pattern, "~definition": { events } }: ChannelRef, type: string): TypeError {
  const meant = nearestOf(type, events.keys());
  const known = meant === undefined ? `It has ${[...events.keys()].join(", ")}.` : `Did you mean "${meant}"?`;
  return new TypeError(`The channel "${pattern}" has no event "${type}". ${known}`);
}

import type { HistoryRequest, Stored } from "../declare/app.js";
import type { ChannelRef } from "../declare/channel.js";
import type { At, ChannelContract, EndpointContract } from "../declare/contract.js";

/**
 * What a client does about channels by itself. They are named by what they were declared with, such as
 * `prices({ symbol: "BTC" })`.
 *
 * All but `nextOn` reject with the `TidingsError` that was answered, and with `connection_lost` where the connection ends first.
 */
export interface TestChannels<Contract extends EndpointContract> {
  /** Resolves when it is on the channel, with what it was told then. The events that follow wait for `nextOn` or `next`. */
  subscribe<Ref extends ChannelRef>(
    channel: ListedRef<Contract, Ref>,
    options?: TestSubscribeOptions,
  ): Promise<TestSubscribed<OfRef<Ref>>>;
  /** Resolves when it is off the channel: nothing of it follows. */
  unsubscribe<Ref extends ChannelRef>(channel: ListedRef<Contract, Ref>): Promise<void>;
  /** Resolves when the event is published, with its place where the channel has a history. */
  publish<Ref extends ChannelRef, Type extends keyof OfRef<Ref>["publishes"] & string>(
    channel: ListedRef<Contract, Ref>,
    type: Type,
    payload: OfRef<Ref>["publishes"][Type],
    options?: TestPublishOptions,
  ): Promise<{ readonly offset: number | undefined }>;
  /** Who is there. With `watch` the changes follow, for `nextOn(channel, "presence")`; with `watch: false` no more. */
  presence<Ref extends ChannelRef>(
    channel: ListedRefWithPresence<Contract, Ref>,
    options?: { watch?: boolean | undefined },
  ): Promise<TestMembers<OfRef<Ref>>>;
  /** Events that are kept, oldest first: the newest `limit` (100 by default) before the offset `before`. */
  history<Ref extends ChannelRef>(
    channel: ListedRef<Contract, Ref>,
    range?: HistoryRequest,
  ): Promise<TestHistory<OfRef<Ref>>>;
  /**
   * The oldest unread message of this type on this channel, or the first that comes. Rejects where none comes, as `next` does.
   *
   * Of an event it is `{ payload, offset }`. Of what the protocol says itself it is the payload: `"gap"`, `"presence"` (for
   * who watches), `"subscribed"` (the server's own joins, which only our client is told of) and `"unsubscribed"` (the server
   * took it off).
   */
  nextOn<Ref extends ChannelRef, Type extends keyof TestChannelArrivals<OfRef<Ref>> & string>(
    channel: ListedRef<Contract, Ref>,
    type: Type,
  ): Promise<At<TestChannelArrivals<OfRef<Ref>>, Type>>;
}

/** A channel, where the endpoint lists it, or else what to do. */
export type ListedRef<Contract extends EndpointContract, Ref extends ChannelRef> = Ref extends {
  readonly pattern: keyof Contract["channels"];
}
  ? Ref
  : string extends Ref["pattern"]
    ? 'Name one channel by its declaration, like prices({ symbol: "BTC" }).'
    : "List this channel in the endpoint's `channels` first.";

/** The same, where its members can be asked for. */
export type ListedRefWithPresence<Contract extends EndpointContract, Ref extends ChannelRef> = [
  OfRef<Ref>["member"],
] extends [never]
  ? "Give this channel a `presence` first."
  : ListedRef<Contract, Ref>;

type OfRef<Ref> = Ref extends ChannelRef<infer Of> ? Of : never;

/**
 * Where a client stands on a channel: `subscribe`, a `gap` and `app.publish` tell it, and the offset of each event moves it
 * on. Both are undefined on a channel without history.
 */
export interface TestPosition {
  readonly epoch: string | undefined;
  readonly offset: number | undefined;
}

/** What `subscribe` takes. */
export interface TestSubscribeOptions {
  /** Where it stood when it was here last: it gets what came after. Not with `rewind`. Default: it was not. */
  since?: TestPosition | undefined;
  /** How many of the newest events that are kept it gets before those that follow. Not with `since`. Default: none. */
  rewind?: number | undefined;
  /** True: it is told who is here, and then of every change. Default: false. */
  presence?: boolean | undefined;
}

/** What `publish` takes beside the event. */
export interface TestPublishOptions {
  /** Tells a repeat from another event that looks alike: 1 to 64 characters. A repeat is answered like the first. */
  key?: string | undefined;
}

/** What a client is told when it is on a channel. */
export interface TestSubscribed<Of extends ChannelContract = ChannelContract> extends TestPosition {
  /** Of the last event before those that follow. */
  readonly offset: number | undefined;
  /** Is all there that it missed? Only where `since` was given. */
  readonly recovered: boolean | undefined;
  /** With `presence`, itself among them. */
  readonly members: readonly Of["member"][] | undefined;
  /** In the place of `members` where they are more than `limits.members`. */
  readonly count: number | undefined;
  /** Where the channel has a `snapshot` and it has not recovered. */
  readonly state: Of["state"] | undefined;
}

/** What `presence` resolves with. */
export interface TestMembers<Of extends ChannelContract = ChannelContract> {
  /** Undefined where they are more than `limits.members`. */
  readonly members: readonly Of["member"][] | undefined;
  /** How many there are. */
  readonly count: number;
}

/** What `history` resolves with. */
export interface TestHistory<Of extends ChannelContract = ChannelContract> {
  readonly epoch: string;
  readonly events: readonly Stored<Of["events"]>[];
}

/** An event as a listener gets it. */
export interface TestEvent<Payload> {
  readonly payload: Payload;
  /** Its position in the channel's history; undefined where it has none. */
  readonly offset: number | undefined;
}

/** Events were lost in this place; the next is after `offset`. */
export interface TestGap<Of extends ChannelContract = ChannelContract> extends TestPosition {
  /** Where the channel has a `snapshot`. */
  readonly state: Of["state"] | undefined;
}

/** What changed: who joined and left, or all the members anew. */
export interface TestPresence<Of extends ChannelContract = ChannelContract> {
  readonly joined: readonly Of["member"][] | undefined;
  readonly left: readonly Of["member"][] | undefined;
  readonly members: readonly Of["member"][] | undefined;
  /** In the place of `members` where they are more than `limits.members`. */
  readonly count: number | undefined;
}

/** What can be asked for by `nextOn`: the channel's events, and what the protocol says of it. */
export type TestChannelArrivals<Of extends ChannelContract = ChannelContract> = {
  [Type in keyof Of["events"]]: TestEvent<Of["events"][Type]>;
} & {
  gap: TestGap<Of>;
  presence: TestPresence<Of>;
  subscribed: TestSubscribed<Of>;
  unsubscribed: { readonly code: "forbidden" | "left" };
};

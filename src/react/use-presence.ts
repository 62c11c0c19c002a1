import { useMemo } from "react";
import type { ChannelAt, Client, ParamArgs, Presence, SubscribeArgs, SubscribeOptions } from "../client/client.js";
import type { ChannelContract, EndpointContract } from "../declare/contract.js";
import { readChannelArgs } from "./channel-args.js";
import { follow, useFollowed } from "./followed.js";

/** Who is on a channel. */
export interface Members<Member> {
  /** Itself among them; empty before they are known, and where they are too many to tell one by one. */
  readonly members: readonly Member[];
  readonly count: number;
}

/** What `usePresence` gives; words of advice where the channel has no presence. */
export type MembersOf<Of extends ChannelContract> = [Of["member"]] extends [never]
  ? "Give this channel a `presence` first."
  : Members<Of["member"]>;

/**
 * Who is on a channel: `usePresence(client, "chat/:room", { room }).members`. Renders again when that changes.
 *
 * It hears the channel meanwhile, and shares that with `useChannel`. Params may be made anew with each render.
 */
export function usePresence<Contract extends EndpointContract, Pattern extends keyof Contract["channels"] & string>(
  client: Client<Contract> | undefined,
  pattern: Pattern,
  ...args: ParamArgs<ChannelAt<Contract, Pattern>["pattern"]>
): MembersOf<ChannelAt<Contract, Pattern>> {
  const { key, params } = readChannelArgs(pattern, args);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key tells all that there is in the params.
  const presence = useMemo(
    () =>
      follow<Members<unknown>>(nobody, (show) => {
        if (client === undefined) return undefined;
        return watch(client, pattern, params, show);
      }),
    [client, pattern, key],
  );
  // Sound: a member of this channel's presence is a `member` of its contract; without one nothing but advice is typed.
  return useFollowed(presence) as MembersOf<ChannelAt<Contract, Pattern>>;
}

const nobody: Members<never> = { members: [], count: 0 };

/** Watches who is there, and shows it until it is ended. */
function watch<Contract extends EndpointContract, Pattern extends keyof Contract["channels"] & string>(
  client: Client<Contract>,
  pattern: Pattern,
  params: readonly unknown[],
  show: (members: Members<unknown>) => void,
): () => void {
  // A gap among the events takes nothing from the members, which are told apart from them.
  const options: SubscribeOptions = { presence: true, onGap() {} };
  // Sound: the caller's params, and options that every channel takes.
  const args = [...params, options] as unknown as SubscribeArgs<ChannelAt<Contract, Pattern>>;
  const subscription = client.subscribe(pattern, ...args);
  // Sound: it is advice in the types only, where the contract has no member.
  const presence = subscription.presence as Presence<unknown>;
  const end = presence.on("change", (members, count) => show({ members, count }));
  show({ members: presence.members, count: presence.count });
  return () => {
    end();
    void subscription.unsubscribe();
  };
}

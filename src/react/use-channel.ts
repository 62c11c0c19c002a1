import { useMemo } from "react";
import type {
  ChannelAt,
  Client,
  SubscribeArgs,
  SubscribeOptions,
  Subscription,
  SubscriptionStatus,
} from "../client/client.js";
import type { ChannelContract, EndpointContract } from "../declare/contract.js";
import { readChannelArgs } from "./channel-args.js";
import { follow, useFollowed } from "./followed.js";
import { useLatest } from "./latest.js";

/** How a component stands on a channel. */
export interface ChannelView<Of extends ChannelContract = ChannelContract> {
  /** `subscribing`, `live` or `lost`. */
  readonly status: SubscriptionStatus;
  /** Why it is `lost`. */
  readonly error: Subscription["error"];
  /** What the snapshot said last; undefined before, and where there is none. */
  readonly state: Of["state"] | undefined;
  /** To publish, to ask for the history, for `useEvent` and `useLast`; undefined until it is mounted. */
  readonly subscription: Subscription<Of> | undefined;
}

/**
 * Hears a channel as long as the component is mounted: `useChannel(client, "prices/:symbol", { symbol }, { onGap: reload })`.
 * Takes what `client.subscribe` takes. Components on one channel share what the server sends.
 *
 * Params and options may be made anew with each render: other params are another channel, and of `onGap` and `onState` the
 * last ones are called. `rewind` and `presence` are looked at when it begins.
 */
export function useChannel<Contract extends EndpointContract, Pattern extends keyof Contract["channels"] & string>(
  client: Client<Contract> | undefined,
  pattern: Pattern,
  ...args: SubscribeArgs<ChannelAt<Contract, Pattern>>
): ChannelView<ChannelAt<Contract, Pattern>> {
  type Of = ChannelAt<Contract, Pattern>;
  const { key, params, options } = readChannelArgs(pattern, args);
  // Sound: options come behind the params, by the type of the args.
  const latest = useLatest(options as SubscribeOptions<Of> | undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key tells all that there is in the params.
  const channel = useMemo(
    () =>
      follow<ChannelView<Of>>(idle, (show) => {
        if (client === undefined) return undefined;
        return hear(client, pattern, params, latest, show);
      }),
    [client, pattern, key, latest],
  );
  return useFollowed(channel);
}

const idle = { status: "subscribing", error: undefined, state: undefined, subscription: undefined } as const;

/** Subscribes, and shows how it stands until it is ended. */
function hear<Contract extends EndpointContract, Pattern extends keyof Contract["channels"] & string>(
  client: Client<Contract>,
  pattern: Pattern,
  params: readonly unknown[],
  latest: { readonly current: SubscribeOptions<ChannelAt<Contract, Pattern>> | undefined },
  show: (view: ChannelView<ChannelAt<Contract, Pattern>>) => void,
): () => void {
  type Of = ChannelAt<Contract, Pattern>;
  let isHeard = true;
  let subscription: Subscription<Of> | undefined;
  let state: Of["state"] | undefined;
  const look = () => {
    // A state may come before `subscribe` has returned.
    if (subscription) show({ status: subscription.status, error: subscription.error, state, subscription });
  };
  const options: SubscribeOptions<Of> = {
    ...latest.current,
    onGap(gap) {
      if (isHeard) latest.current?.onGap?.(gap);
    },
    onState(given) {
      if (!isHeard) return;
      state = given;
      look();
      latest.current?.onState?.(given);
    },
  };
  // Sound: they are the caller's args, but for callbacks that ask for the caller's.
  subscription = client.subscribe(pattern, ...([...params, options] as unknown as SubscribeArgs<Of>));
  state ??= subscription.state;
  const endStatus = subscription.onStatus(look);
  look();
  return () => {
    isHeard = false;
    endStatus();
    void subscription.unsubscribe();
  };
}

import { useMemo } from "react";
import type { Subscription } from "../client/client.js";
import type { ChannelContract } from "../declare/contract.js";
import { follow, useFollowed } from "./followed.js";

/**
 * The last event of this type that came on a channel: `useLast(prices.subscription, "tick")?.price`, after
 * `prices = useChannel(…)`. Undefined before the first. Renders again when one comes, and for no other type.
 */
export function useLast<Of extends ChannelContract, Type extends keyof Of["events"] & string>(
  subscription: Subscription<Of> | undefined,
  type: Type,
): Of["events"][Type] | undefined {
  const last = useMemo(
    () => follow<Of["events"][Type] | undefined>(undefined, (show) => subscription?.on(type, show)),
    [subscription, type],
  );
  return useFollowed(last);
}

import { useEffect } from "react";
import type { Client, Heard, Origin, Subscription } from "../client/client.js";
import type { At, ChannelContract, EndpointContract } from "../declare/contract.js";
import { useLatest } from "./latest.js";

/**
 * Calls with each message or event of this type that arrives, on whichever channel: `useMessage(client, "said", add)`. Also
 * `error` and `gap`.
 *
 * The listener may be another one with each render; the last one is called.
 */
export function useMessage<Contract extends EndpointContract, Type extends keyof Heard<Contract> & string>(
  client: Client<Contract> | undefined,
  type: Type,
  listener: (payload: At<Heard<Contract>, Type>, origin: Origin) => void,
): void {
  const latest = useLatest(listener);
  useEffect(() => client?.on(type, (payload, origin) => latest.current(payload, origin)), [client, type, latest]);
}

/**
 * Calls with each event of this type on one channel: `useEvent(prices.subscription, "halt", tell)`, after
 * `prices = useChannel(…)`.
 *
 * None is missed between the two. The listener may be another one with each render; the last one is called.
 */
export function useEvent<Of extends ChannelContract, Type extends keyof Of["events"] & string>(
  subscription: Subscription<Of> | undefined,
  type: Type,
  listener: (payload: Of["events"][Type], origin: Origin) => void,
): void {
  const latest = useLatest(listener);
  useEffect(
    () => subscription?.on(type, (payload, origin) => latest.current(payload, origin)),
    [subscription, type, latest],
  );
}

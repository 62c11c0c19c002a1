import { TidingsError } from "../protocol/tidings-error.js";
import type { Subscription } from "./client.js";

/**
 * Resolves when the subscription is `live`; rejects with its `error` where it is `lost` first. Of one that was unsubscribed
 * before that nothing more is heard.
 *
 * @example `await whenLive(client.subscribe("chat/:room", { room: "lobby" }))`
 */
export function whenLive(subscription: Pick<Subscription, "status" | "error" | "onStatus">): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const { status, error } = subscription;
      if (status === "subscribing") return;
      stop();
      if (status === "live") resolve();
      else reject(error ?? new TidingsError("left"));
    };
    const stop = subscription.onStatus(look);
    look();
  });
}

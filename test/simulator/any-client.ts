import type { Client, Origin, Presence, Subscription, Tasks } from "../../src/client/client.js";

/** A client of whatever endpoint: what the types of one would say is known here without them. */
export interface AnyClient extends Pick<Client, "status" | "retryAtMs" | "closed" | "onStatus" | "close" | "user"> {
  readonly tasks: Tasks;
  on(type: string, listener: (payload: never, origin: Origin) => void): () => void;
  send(type: string, payload: object): boolean;
  request(type: string, payload: object, options?: object): Promise<unknown>;
  subscribe(pattern: string, params: object, options: object): AnySubscription;
}
export interface AnySubscription extends Pick<Subscription, "name" | "status" | "error" | "unsubscribe" | "onStatus"> {
  on(type: string, listener: (payload: never, origin: never) => void): () => void;
  publish(type: string, payload: object): Promise<{ readonly offset: number | undefined }>;
  history(range?: object): Promise<readonly { readonly offset: number; readonly payload: { readonly n: number } }[]>;
  readonly presence: Presence<{ readonly id: string }>;
}

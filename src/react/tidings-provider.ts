import { createContext, createElement, type ReactElement, type ReactNode, useContext, useMemo } from "react";
import type { Client, ClientFor, EndpointLike } from "../client/client.js";
import { type Followed, useFollowed } from "./followed.js";
import { useLatest } from "./latest.js";

/** A client of any endpoint. */
export type AnyClient = Pick<Client, "status" | "onStatus" | "close">;

/** What `TidingsProvider` takes: what makes a client, or one that is there. */
export type TidingsProviderProps = (
  | {
      /** Makes the client, when it is mounted: `() => connect<typeof room>(url)`. It is closed when it unmounts. */
      readonly connect: () => AnyClient;
      readonly client?: undefined;
    }
  | {
      /** Somebody else's client, who closes it. */
      readonly client: AnyClient | undefined;
      readonly connect?: undefined;
    }
) & {
  /** Shown as long as there is no client. Default: the children, to whom `useClient` gives undefined. */
  readonly fallback?: ReactNode;
  readonly children?: ReactNode;
};

/**
 * Gives all that is inside its client: `<TidingsProvider connect={() => connect<typeof room>("/ws/rooms/lobby")}>`.
 *
 * It dials when it is mounted and never on a server, once, however often `connect` is another function. To dial anew give it
 * another `key`.
 */
export function TidingsProvider({ client, connect, fallback, children }: TidingsProviderProps): ReactElement {
  const own = useOwnClient(connect);
  const given = client ?? own;
  const content = given === undefined && fallback !== undefined ? fallback : children;
  return createElement(ClientContext.Provider, { value: given }, content);
}

/** What `useClient` gives: undefined on a server and until the provider is mounted; words of advice where no endpoint is said. */
export type ClientInside<E extends EndpointLike> = [E] extends [never]
  ? "Say which endpoint: useClient<typeof room>()"
  : ClientFor<E> | undefined;

/**
 * The client of the provider around: `useClient<typeof room>()`. Undefined on a server, while hydrating, and until the
 * provider has dialled; all hooks take that.
 *
 * @throws Error where there is no provider around.
 */
export function useClient<E extends EndpointLike = never>(): ClientInside<E> {
  const client = useContext(ClientContext);
  if (client === null)
    throw new Error("There is no <TidingsProvider> around this component. Put one around what uses a client.");
  // As sound as what the caller says of the provider: the endpoint it connects to is not known here.
  return client as ClientInside<E>;
}

/** Null: there is no provider. */
const ClientContext = createContext<AnyClient | undefined | null>(null);

function useOwnClient(connect: (() => AnyClient) | undefined): AnyClient | undefined {
  const latest = useLatest(connect);
  const isOwn = connect !== undefined;
  const own = useMemo(() => ownClient(() => (isOwn ? latest.current?.() : undefined)), [isOwn, latest]);
  return useFollowed(own);
}

/** A client that is there as long as it is wanted. */
function ownClient(connect: () => AnyClient | undefined): Followed<AnyClient | undefined> {
  let client: AnyClient | undefined;
  let isWanted = false;
  const closeUnlessWanted = () => {
    if (isWanted) return;
    client?.close();
    client = undefined;
  };
  return {
    subscribe(onChange) {
      isWanted = true;
      client ??= connect();
      // React before 19.3 does not look again when a hidden part of the page, which followed nothing, is shown again.
      onChange();
      return () => {
        isWanted = false;
        // Not at once: strict mode ends each effect and does it again, in one go, and means nothing by it.
        queueMicrotask(closeUnlessWanted);
      };
    },
    read: () => client,
    readIdle: () => undefined,
  };
}

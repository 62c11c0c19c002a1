import { useCallback, useSyncExternalStore } from "react";
import type { Client, Status } from "../client/client.js";

/** How the connection is: `connecting`, `open`, `waiting` or `closed`. Without a client, and on a server, `connecting`. */
export function useStatus(client: Pick<Client, "status" | "onStatus"> | undefined): Status {
  const subscribe = useCallback(
    (onChange: () => void) => {
      const end = client?.onStatus(onChange);
      return () => end?.();
    },
    [client],
  );
  return useSyncExternalStore(subscribe, () => client?.status ?? "connecting", readOnServer);
}

function readOnServer(): Status {
  return "connecting";
}

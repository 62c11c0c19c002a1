import { useEffect, useState } from "react";
import { useClient, useStatus } from "tidings/react";
import type { live } from "../live.js";
import { inWords, isUnauthorized, useEnd } from "./connection.js";
import { Desk } from "./desk.js";
import { Entrance } from "./entrance.js";
import { Header } from "./header.js";
import type { LiveClient } from "./showcase.js";

/** Who is at the page, as the server sees them. */
export interface Me {
  readonly id: string;
  readonly name: string;
  readonly isAdmin: boolean;
}

/** Lets in who has a token or has signed in; all others are asked for their name. */
export function Lobby({ onDial }: { readonly onDial: () => void }) {
  const client = useClient<typeof live>();
  const status = useStatus(client);
  const end = useEnd(client);
  const me = useMe(client);
  const isRefused = status === "closed" && end !== undefined && isUnauthorized(end);
  return (
    <>
      <Header status={status} me={isRefused ? undefined : me} />
      {isRefused && <Entrance refused={end} wasIn={me !== undefined} onSignedIn={onDial} />}
      {status === "closed" && !isRefused && <Closed why={end && inWords(end)} onDial={onDial} />}
      {!isRefused && client !== undefined && me !== undefined && <Desk client={client} me={me} />}
      {status !== "closed" && me === undefined && <Arriving why={end && inWords(end)} />}
    </>
  );
}

/** Asked as soon as there is a connection, and again after each that was lost before the answer. */
function useMe(client: LiveClient | undefined): Me | undefined {
  const [me, setMe] = useState<Me>();
  useEffect(() => {
    const ask = () =>
      client?.request("whoami").then(setMe, () => {
        // It was lost again: the next one asks.
      });
    return client?.onStatus((status) => {
      if (status === "open") void ask();
    });
  }, [client]);
  return me;
}

function Arriving({ why }: { readonly why: string | undefined }) {
  return (
    <main className="alone">
      <p role="status">{why ?? "Connecting…"}</p>
    </main>
  );
}

/** For good: it dials no more by itself. */
function Closed({ why, onDial }: { readonly why: string | undefined; readonly onDial: () => void }) {
  return (
    <div className="closed card" role="alert">
      <p>{why ?? "The connection is closed."}</p>
      <button type="button" onClick={onDial}>
        Connect again
      </button>
    </div>
  );
}

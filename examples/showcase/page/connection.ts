import { useEffect, useState } from "react";
import type { Client } from "tidings/client";

/** Such as 1006, or 1008 with the reason `forbidden`. */
export interface Ended {
  readonly code: number;
  readonly reason: string;
}

/** Why the last connection ended, if one has; undefined while there is one. */
export function useEnd(client: Pick<Client, "onStatus"> | undefined): Ended | undefined {
  const [end, setEnd] = useState<Ended>();
  useEffect(
    () =>
      client?.onStatus((status, why) => {
        if (status === "open") setEnd(undefined);
        else if (why !== undefined) setEnd(why);
      }),
    [client],
  );
  return end;
}

/** Is it for want of a good credential? */
export function isUnauthorized({ reason }: Ended): boolean {
  return reason === "unauthorized" || reason === "token_expired";
}

/** Like `You may not be here (1008 forbidden).` */
export function inWords({ code, reason }: Ended): string {
  const why = words[reason] ?? words[code] ?? "The connection was closed";
  return `${why} (${`${code} ${reason}`.trim()}).`;
}

const words: Readonly<Record<string, string>> = {
  unauthorized: "The token or session is missing or not valid",
  token_expired: "The token has expired",
  forbidden: "You may not be here",
  origin_not_allowed: "Pages of this address may not connect",
  not_found: "There is nothing to connect to at this path",
  bad_request: "The server did not understand the request",
  auth_timeout: "No token came in time",
  rate_limited: "Too many messages in too short a time",
  too_many_connections: "Too many connections",
  going_away: "The server is going away",
  1006: "The connection was lost, or could not be made",
  1011: "Something went wrong on the server",
  1013: "The server is full or going away",
};

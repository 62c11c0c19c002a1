import type { Listening } from "../declare/app.js";
import { isLoopback } from "./this-computer.js";
import type { Place } from "./visit.js";

/** Where a page finds the app's sockets. */
export interface SocketServer {
  /** With its port, such as `localhost:8000`. */
  readonly host: string;
  readonly protocol: "ws" | "wss";
}

/** On the app's own port they are where the page is. */
export function socketsHere({ host, isSecure }: Place): readonly SocketServer[] {
  return host === undefined ? [] : [{ host, protocol: isSecure ? "wss" : "ws" }];
}

/** From a port apart: where the app listens, by the name that the page was asked for by where it listens on every address. */
export function socketsElsewhere({ host }: Place, listening: Iterable<Listening>): readonly SocketServer[] {
  const name = host?.replace(/:\d+$/, "");
  return [...listening].map((each) => {
    const { hostname } = new URL(each.url);
    // `localhost` has cookies and storage of its own, which 127.0.0.1 has not: the name stays.
    const isSame = name === "localhost" && isLoopback(hostname.replace(/^\[|\]$/g, ""));
    const isReached = name !== undefined && (isSame || EVERYWHERE.has(hostname));
    return isReached ? { ...socketServerAt(each), host: `${name}:${each.port}` } : socketServerAt(each);
  });
}

/** By its address, or from this computer where it listens on every address. */
export function socketServerAt({ url, port }: Listening): SocketServer {
  const { protocol, hostname, host } = new URL(url);
  return {
    host: EVERYWHERE.has(hostname) ? `localhost:${port}` : host,
    protocol: protocol === "https:" ? "wss" : "ws",
  };
}

const EVERYWHERE: ReadonlySet<string> = new Set(["0.0.0.0", "[::]"]);

import { createPrivateKey, X509Certificate } from "node:crypto";
import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer, Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext } from "node:tls";
import { ConfigError } from "../base/config-error.js";
import { describeGiven } from "../base/quantity.js";
import { refusalResponse } from "../connection/refusal.js";
import type { Listening, ListenOptions, TlsFiles } from "../declare/app.js";
import { emptyHost } from "../http/page-access.js";
import type { Limits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { WaitingRoom } from "./waiting-room.js";

export interface ServerOptions extends Pick<ListenOptions, "host" | "tls"> {
  readonly limits: Pick<Limits, "handshake" | "pending" | "connectionsPerAddress">;
  readonly isProxy: (address: string) => boolean;
  /** What chooses the port, beside code. Default: that of the app's own. */
  readonly variable?: "TIDINGS_PORT" | "TIDINGS_HTTP_PORT" | undefined;
}

/** A server of the app's own. Its upgrades are listened to by whoever called. */
export async function listen(
  port: number,
  { host = "127.0.0.1", tls, limits, isProxy, variable = "TIDINGS_PORT" }: ServerOptions,
  answer: RequestListener,
): Promise<{ readonly server: Server; readonly listening: Listening }> {
  const options = {
    headersTimeout: limits.handshake,
    requestTimeout: limits.handshake,
    // By default it would look only every 30 s.
    connectionsCheckingInterval: Math.min(1_000, limits.handshake),
  };
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw invalidPort(port);
  if (host.trim() === "") throw emptyHost("listen()'s `host`");
  if (tls !== undefined) checkTls(tls);
  const server =
    tls === undefined
      ? createHttpServer(options, answer)
      : createHttpsServer({ ...options, ...tls, handshakeTimeout: limits.handshake }, answer);
  server.on("clientError", refuseBadRequest);
  // Before the TLS handshake is done nothing can be written: an answer would wait for ever, and the connection with it.
  if (server instanceof HttpsServer) server.on("tlsClientError", (_error, socket) => socket.destroy());
  const room = new WaitingRoom({ limits, isProxy });
  room.watch(server);
  roomOf.set(server, room);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(whyNot(error, host, port, variable)));
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
  // A server on a port has an address of this kind.
  const address = server.address() as AddressInfo;
  const shown = address.family === "IPv6" ? `[${address.address}]` : address.address;
  const scheme = tls === undefined ? "http" : "https";
  return { server, listening: { host, port: address.port, url: `${scheme}://${shown}:${address.port}` } };
}

/**
 * Connections that the kernel holds until we take them: when everybody comes back at once, Node's 511 are soon full, and
 * whoever does not fit tries again after 1, 2, 4 … seconds. Linux allows 4,096 (net.core.somaxconn).
 */
const BACKLOG = 4_096;

/** Resolves when the server is closed. Requests that were kept alive are ended. */
export async function stopListening(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  // Who is still at its TLS handshake is not among those.
  for (const socket of roomOf.get(server)?.sockets ?? []) socket.destroy();
  await closed;
}

/** From the next handshake on these servers show it. */
export function reloadTls(servers: Iterable<Server>, tls: TlsFiles): void {
  const secure = [...servers].filter((server) => server instanceof HttpsServer);
  if (secure.length === 0) {
    throw new ConfigError("not_tls", {
      message: "Nothing listens with TLS here.",
      fix: "Give listen() a `tls` first; on a server of yours call its setSecureContext().",
    });
  }
  checkTls(tls);
  if (secure.some((server) => server.setSecureContext === undefined)) {
    throw new ConfigError("reload_not_possible", {
      message: "Bun can't show another certificate while it listens.",
      fix: "Let a proxy end TLS, or start the app anew.",
    });
  }
  for (const server of secure) server.setSecureContext({ cert: tls.cert, key: tls.key });
}

/** @throws ConfigError `invalid_certificate` */
function checkTls({ cert, key }: TlsFiles): void {
  try {
    // Half a pair, or two halves of different ones, would be found out only by whoever connects.
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) throw new Error("they are not of one pair");
    createSecureContext({ cert, key });
  } catch (cause) {
    throw new ConfigError("invalid_certificate", {
      message: `The certificate and its key can't be used: ${cause instanceof Error ? cause.message : String(cause)}.`,
      fix: "Give both as PEM texts, of one pair.",
      cause,
    });
  }
}

const roomOf = new WeakMap<Server, WaitingRoom>();

function invalidPort(port: unknown): ConfigError {
  return new ConfigError("invalid_port", {
    message: `listen() is given ${describeGiven(port)} for its port.`,
    fix: "Give it a number from 0 to 65535; 0 picks a free one.",
  });
}

function whyNot(error: NodeJS.ErrnoException, host: string, port: number, variable: string): Error {
  if (error.code === "EACCES") {
    return new ConfigError("port_not_allowed", {
      message: `This user may not listen on port ${port}.`,
      fix: `Choose one from 1024 on, such as ${variable}=8000, or let the process have it (CAP_NET_BIND_SERVICE).`,
      cause: error,
    });
  }
  if (error.code !== "EADDRINUSE") return error;
  return new ConfigError("port_in_use", {
    message: `Port ${port} on ${host} is in use.`,
    fix: `End who has it, or choose another, such as ${variable}=${port === 65_535 ? port - 1 : port + 1}, or 0 for a free one.`,
    cause: error,
  });
}

/** What `node:http` could not read gets the same kind of answer as any refusal. */
function refuseBadRequest(error: NodeJS.ErrnoException, stream: Duplex): void {
  if (error.code === "ECONNRESET" || !stream.writable) {
    stream.destroy();
    return;
  }
  const { status, headers, body } = refusalResponse(new TidingsError(CODES[error.code ?? ""] ?? "bad_request"));
  const lines = Object.entries({ ...headers, connection: "close", "content-length": String(Buffer.byteLength(body)) });
  stream.once("finish", () => stream.destroy());
  stream.end(
    `HTTP/1.1 ${status} Refused\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`,
  );
}

const CODES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "header_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "handshake_timeout",
};

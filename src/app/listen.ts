import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { refusalResponse } from "../connection/refusal.js";
import type { Listening, ListenOptions } from "../declare/app.js";
import { defaultLimits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";

/** A server of the app's own. Its upgrades are listened to by whoever called. */
export async function listen(
  port: number,
  { host = "127.0.0.1", tls }: ListenOptions,
  answer: RequestListener,
): Promise<{ readonly server: Server; readonly listening: Listening }> {
  const options = { headersTimeout: defaultLimits.handshake, requestTimeout: defaultLimits.handshake };
  const server =
    tls === undefined ? createHttpServer(options, answer) : createHttpsServer({ ...options, ...tls }, answer);
  server.on("clientError", refuseBadRequest);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  // A server on a port has an address of this kind.
  const address = server.address() as AddressInfo;
  const shown = address.family === "IPv6" ? `[${address.address}]` : address.address;
  const scheme = tls === undefined ? "http" : "https";
  return { server, listening: { host, port: address.port, url: `${scheme}://${shown}:${address.port}` } };
}

/** Resolves when the server is closed. Requests that were kept alive are ended. */
export async function stopListening(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

/** What `node:http` could not read gets the same kind of answer as any refusal. */
function refuseBadRequest(error: NodeJS.ErrnoException, stream: Duplex): void {
  if (error.code === "ECONNRESET" || !stream.writable) {
    stream.destroy();
    return;
  }
  const { status, headers, body } = refusalResponse(new TidingsError(CODES[error.code ?? ""] ?? "bad_request"));
  const lines = Object.entries({ ...headers, connection: "close", "content-length": String(Buffer.byteLength(body)) });
  stream.end(
    `HTTP/1.1 ${status} Refused\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`,
  );
}

const CODES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "header_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "handshake_timeout",
};

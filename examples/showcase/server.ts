import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { App, AppOptions } from "tidings";
import { createShowcase } from "./app.js";
import { Lines, serveLine } from "./lines.js";
import { serveLogin } from "./login.js";
import { servePage } from "./page.js";
import { sessions } from "./sessions.js";
import { market, startTicker } from "./ticker.js";

export interface ServerOptions extends Omit<AppOptions, "endpoints"> {
  /** 0 picks a free one. */
  readonly port: number;
  readonly host?: string | undefined;
}

/** The app on a `node:http` server, beside a page, a sign-in, and lines that can be cut. */
export interface ShowcaseServer {
  readonly app: App;
  /** Such as `http://127.0.0.1:8000`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Resolves when it listens. Rejects where it can't. */
export async function startServer({ port, host = "127.0.0.1", ...options }: ServerOptions): Promise<ShowcaseServer> {
  const app = createShowcase(options);
  const server = createServer((request, response) => {
    app.http(request, response, () => {
      serve(request, response).catch((error: unknown) => {
        console.error(error);
        response.destroy();
      });
    });
  });
  const lines = new Lines(server);
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    if (await serveLogin(request, response, { app, sessions })) return;
    if (await serveLine(request, response, lines)) return;
    await servePage(request, response);
  };
  await once(server.listen(port, host), "listening");
  server.on("error", (error) => console.error(error));
  // What it needs must be there before anybody is let in.
  const prices = await app.get(market).catch((error: unknown) => {
    server.close();
    throw error;
  });
  app.attach(lines);
  const stopTicker = startTicker(app, prices);
  return {
    app,
    url: urlOf(server),
    async close() {
      stopTicker();
      server.close();
      await app.close();
      server.closeAllConnections();
    },
  };
}

function urlOf(server: Server): string {
  // A server on a port has an address of this kind.
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

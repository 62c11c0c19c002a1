import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { App } from "tidings";
import { createShowcase } from "./app.js";
import { serveLogin } from "./login.js";
import { servePage } from "./page.js";
import { Sessions } from "./sessions.js";
import { market, startTicker } from "./ticker.js";
import { createSecret, linkWith, signTokens } from "./tokens.js";

// Something that is set but empty counts as not set.
const port = process.env.PORT || "8000";
const host = process.env.HOST || "127.0.0.1";
const givenSecret = process.env.JWT_SECRET || undefined;

if (/^\d{1,5}$/.test(port) && Number(port) <= 65_535) await start();
else fail(`PORT is ${JSON.stringify(port)}: it must be a number from 0 to 65535.`);

async function start(): Promise<void> {
  const secret = givenSecret ?? createSecret();
  // Whoever has a secret signs tokens with it; nobody else can know one that was made up here.
  const tokens = givenSecret === undefined ? await signTokens(secret) : [];
  const sessions = new Sessions();
  const app = createShowcase(secret, sessions);
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    if (!(await serveLogin(request, response, { app, sessions }))) await servePage(request, response);
  };
  const server = createServer((request, response) => {
    app.http(request, response, () => {
      serve(request, response).catch((error: unknown) => {
        console.error(error);
        response.destroy();
      });
    });
  });
  app.attach(server);
  const theMarket = await app.get(market);
  server.on("error", (error: NodeJS.ErrnoException) => {
    if (server.listening) console.error(error);
    else fail(whyNot(error));
  });
  server.listen(Number(port), host, () => {
    const stopTicker = startTicker(app, theMarket);
    stopOnSignals(() => {
      stopTicker();
      return close(server, app);
    });
    const url = urlOf(server);
    for (const { sub, token } of tokens) console.log(`${sub}: ${linkWith(token, url)}`);
    console.log(`listening on ${url}`);
  });
}

function urlOf(server: Server): string {
  // A server on a port has an address of this kind.
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  if (code === "EADDRINUSE") return `Port ${port} on ${host} is in use: set PORT to another, or to 0 for a free one.`;
  return `Can't listen on port ${port} of ${host}: ${message}`;
}

function fail(why: string): void {
  console.error(why);
  process.exitCode = 1;
}

/** Attached to a server that is not its own, the app leaves signals to us. The first lets everything end as it should, a later one ends it. */
function stopOnSignals(close: () => Promise<void>): void {
  let stoppedAtMs: number | undefined;
  const stop = () => {
    if (stoppedAtMs === undefined) {
      stoppedAtMs = Date.now();
      close().catch((error: unknown) => {
        console.error(error);
        process.exitCode = 1;
      });
    } else if (Date.now() - stoppedAtMs > SAME_SIGNAL_MS) {
      process.exit(1);
    }
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

/** One Ctrl-C comes twice under `npm start`: from the terminal, and passed on by npm. */
const SAME_SIGNAL_MS = 500;

async function close(server: Server, app: App): Promise<void> {
  server.close();
  await app.close();
  server.closeAllConnections();
}

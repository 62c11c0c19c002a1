import { redis } from "tidings/redis";
import { buildPage } from "./build-page.js";
import { startServer } from "./server.js";
import { linkWith, signTokens } from "./tokens.js";

// Something that is set but empty counts as not set.
const port = process.env.PORT || "8000";
const host = process.env.HOST || "127.0.0.1";
// With it several of these are one app. Without, everything is in the memory of this process.
const redisUrl = process.env.REDIS_URL || undefined;

if (/^\d{1,5}$/.test(port) && Number(port) <= 65_535) await start();
else fail(`PORT is ${JSON.stringify(port)}: it must be a number from 0 to 65535.`);

async function start(): Promise<void> {
  await buildPage();
  const broker = redisUrl === undefined ? undefined : redis({ url: redisUrl });
  const server = await startServer({ port: Number(port), host, broker }).catch((error: NodeJS.ErrnoException) => {
    fail(whyNot(error));
  });
  if (server === undefined) return;
  stopOnSignals(() => server.close());
  const visitors = await signTokens();
  for (const { sub, token } of visitors) console.log(`${sub}: ${linkWith(token, `${server.url}/`)}`);
  showPages(server.url, visitors[0]?.token);
  console.log(`listening on ${server.url}`);
}

/** In production they are not there: see docs/how-to/production.md. */
function showPages(url: string, token: string | undefined): void {
  if (process.env.NODE_ENV === "production") return;
  console.log(`docs: ${token === undefined ? `${url}/docs` : linkWith(token, `${url}/docs`)}`);
  console.log(`dashboard: ${url}/dashboard`);
}

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  if (code === "EADDRINUSE") return `Port ${port} on ${host} is in use: set PORT to another, or to 0 for a free one.`;
  if (code === "unavailable") return `REDIS_URL is set. ${message}`;
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

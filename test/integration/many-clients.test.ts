import { expect, test } from "vitest";
import { Program } from "../support/child-process.js";

const count = 1_000;

function startServer(port = "0"): Program {
  return new Program("test/support/crowd/server.ts", { PORT: port });
}

async function urlOf(server: Program): Promise<URL> {
  return new URL((await server.line(/^listening on /)).slice("listening on ".length));
}

/** The ids that all clients were told when they were connected for so many times. */
async function idsOf(clients: Program, time: number): Promise<ReadonlySet<string>> {
  const line = await clients.line(new RegExp(`^connected ${time} `));
  return new Set(JSON.parse(line.slice(`connected ${time} `.length)) as string[]);
}

/** How the connections of all clients ended for so many times. */
async function endOf(clients: Program, time: number): Promise<End> {
  const line = await clients.line(new RegExp(`^ended ${time} `));
  return JSON.parse(line.slice(`ended ${time} `.length)) as End;
}

interface End {
  /** How many ended how. */
  readonly tally: Readonly<Record<string, number>>;
  /** When each was told to dial again. */
  readonly delays: readonly number[];
}

interface LogLine {
  readonly event: string;
  readonly connection?: string;
  readonly [field: string]: unknown;
}

function logOf(server: Program): readonly LogLine[] {
  return server.stderr.map((line) => JSON.parse(line) as LogLine);
}

/** The ids of all connections that the server logged in its life. */
function openedAt(server: Program): ReadonlySet<string> {
  const lines = logOf(server).filter(({ event }) => event === "connected");
  return new Set(lines.map(({ connection = "" }) => connection));
}

async function healthOf(url: URL): Promise<unknown> {
  return await (await fetch(new URL("/health/websockets", url))).json();
}

test("1,000 clients dial again as the close table says: after SIGTERM when `drain` told them, after SIGKILL with back-off", {
  timeout: 60_000,
}, async () => {
  await using first = startServer();
  const url = await urlOf(first);
  await using clients = new Program("test/support/crowd/clients.ts", {
    URL: new URL("/ws/room", url).href.replace("http", "ws"),
    COUNT: String(count),
  });
  const firstIds = await idsOf(clients, 1);
  expect(firstIds.size).toBe(count);
  expect(await healthOf(url)).toMatchObject({ total_connections: count });

  expect(await first.stop("SIGTERM")).toBe(0);
  expect(logOf(first).at(-1)).toMatchObject({ event: "drained", connections: count, closeHandlers: count });
  expect(first.stdout.at(-1)).toBe(`close was run ${count} times`);
  expect(openedAt(first)).toEqual(firstIds);
  const { tally, delays } = await endOf(clients, 1);
  expect(tally).toEqual({ "drain, then 1001 going_away: retry-after-drain": count });
  expect(delays).toHaveLength(count);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...delays)).toBeLessThanOrEqual(200);
  // They are spread: a thousand times at random among 201 leaves out few.
  expect(new Set(delays).size).toBeGreaterThan(150);

  await using second = startServer(url.port);
  const secondIds = await idsOf(clients, 2);
  expect(secondIds.size).toBe(count);
  expect(await healthOf(url)).toMatchObject({ total_connections: count });

  expect(await second.stop("SIGKILL")).toBe("SIGKILL");
  expect((await endOf(clients, 2)).tally).toEqual({ "1006: retry": count });

  await using third = startServer(url.port);
  const thirdIds = await idsOf(clients, 3);
  expect(thirdIds.size).toBe(count);
  expect(await healthOf(url)).toMatchObject({ total_connections: count });
  expect([...thirdIds].filter((id) => firstIds.has(id) || secondIds.has(id))).toEqual([]);
  expect(await third.stop("SIGTERM")).toBe(0);
  expect(openedAt(third)).toEqual(thirdIds);
});

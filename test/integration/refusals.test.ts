import { createApp, type Endpoint, type EndpointContract, endpoint, TidingsError } from "tidings";
import { RefusedError, startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { type Refusal as Row, refusals } from "../../src/protocol/refusals.js";
import { openRaw, request } from "../support/raw-client.js";
import {
  type Case,
  casesOf,
  expectedFor,
  isPossible,
  type Provocation,
  pickHeaders,
  type Scenario,
  type Seen,
  scenarios,
  type Viewer,
  viewers,
} from "../support/refusal-scenarios.js";
import { serve } from "../support/served-app.js";
import { dial, Refusal } from "../support/ws-client.js";

const cases = casesOf(refusals);
const here = ["ws plain", "ws tidings", "test plain", "test tidings", "test browser"] as const satisfies Viewer[];

test.each(cases.map((each) => [each.name, each] as const))("P11: %s", async (_, given) => {
  const able = here.filter((viewer) => isPossible(given, viewer));
  const seen = await Promise.all(able.map(async (viewer) => [viewer, await look(given, viewer)] as const));
  expect(Object.fromEntries(seen)).toEqual(
    Object.fromEntries(able.map((viewer) => [viewer, expectedFor(given, viewer)])),
  );
});

test("P11: an app's own code is refused and closed as `forbidden` is, with the app's word", async () => {
  const scenario: Scenario = {
    when: "an app has a word of its own",
    happens: "before",
    provoke: (ways) => ({
      app: {
        endpoints: [
          endpoint("/ws/room", {
            ...ways,
            allow: () => Promise.reject(new TidingsError("banned", "You were banned.")),
          }),
        ],
      },
    }),
  };
  const given: Case = { name: "banned", reason: "forbidden", scenario, ways: { closeCodes: { forbidden: 4003 } } };
  const seen = await Promise.all(here.map(async (viewer) => [viewer, await look(given, viewer)] as const));
  const answered = { status: 403, body: { code: "banned", message: "You were banned." } };
  expect(Object.fromEntries(seen)).toEqual({
    "ws plain": expect.objectContaining(answered),
    "ws tidings": { code: 1008, reason: "banned" },
    "test plain": expect.objectContaining(answered),
    "test tidings": { code: 1008, reason: "banned" },
    "test browser": { code: 1006, reason: "" },
  });
});

test("every row of the table has a scenario that somebody can meet, and who can't is told why", () => {
  expect(Object.keys(scenarios)).toEqual(Object.keys(refusals));
  for (const [reason, each] of Object.entries(scenarios)) {
    const blind = viewers.filter((viewer) => each.every(({ impossibleFor }) => impossibleFor?.[viewer] !== undefined));
    expect(blind, reason).not.toContain("ws plain");
    for (const { impossibleFor = {} } of each) {
      for (const why of Object.values(impossibleFor)) expect(why, reason).toMatch(/^[A-Z].+\.$/);
    }
  }
});

test("every column of the table is seen: its HTTP status, and its close code", () => {
  for (const [reason, row] of Object.entries<Row>(refusals)) {
    const expected = cases
      .filter((each) => each.reason === reason)
      .flatMap((each) =>
        viewers.filter((viewer) => isPossible(each, viewer)).map((viewer) => expectedFor(each, viewer)),
      );
    if (row.http !== undefined) expect(expected, reason).toContainEqual(expect.objectContaining({ status: row.http }));
    if (row.close !== undefined) expect(expected, reason).toContainEqual({ code: row.close, reason });
  }
});

function look({ scenario, ways }: Case, viewer: (typeof here)[number]): Promise<Seen> {
  const provocation = scenario.provoke(ways);
  switch (viewer) {
    case "ws plain":
    case "ws tidings":
      return lookByWs(provocation, viewer === "ws tidings");
    case "test plain":
      return lookByTest(provocation, "plain", scenario.happens);
    case "test tidings":
      return lookByTest(provocation, "tidings", scenario.happens);
    case "test browser":
      return lookByTest(provocation, "browser", scenario.happens);
  }
}

async function lookByWs(given: Provocation, isTidings: boolean): Promise<Seen> {
  await using server = await serve(given.app, given.listen);
  await given.before?.({ app: server.app, enter: (path, options) => dial(server.url + path, options) });
  try {
    if (given.request !== undefined) return httpSeen(await request(server.url, given.request.bytes));
    return await dialAndLook(server.url + (given.path ?? "/ws/room"), given, isTidings);
  } catch (refused) {
    if (refused instanceof Refusal) return httpSeen(refused);
    throw refused;
  } finally {
    given.after?.();
  }
}

async function dialAndLook(url: string, given: Provocation, isTidings: boolean): Promise<Seen> {
  const cookies = Object.entries(given.cookies ?? {}).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const headers = {
    ...(cookies.length > 0 && { cookie: cookies.join("; ") }),
    ...(given.origin !== undefined && { origin: given.origin }),
  };
  if (given.bytes !== undefined) {
    using raw = await openRaw(url, { ...headers, ...(isTidings && { "sec-websocket-protocol": "tidings.v1" }) });
    raw.write(given.bytes);
    return await raw.nextClose();
  }
  const { token } = given;
  const client = await dial(url, {
    headers,
    protocols: isTidings ? ["tidings.v1"] : [],
    ...(token !== undefined && given.isTokenByMessage !== true && { token }),
  });
  if (isTidings && given.isSilent !== true) {
    client.send({ type: "connect", payload: given.isTokenByMessage === true ? { token } : {} });
  } else if (given.isTokenByMessage === true) client.send({ type: "auth", payload: { token } });
  for (const said of given.says ?? []) {
    if (typeof said === "string") client.sendText(said);
    else client.sendBinary(said);
  }
  return await client.closed;
}

interface HttpAnswer {
  readonly status: number;
  readonly headers: Parameters<typeof pickHeaders>[0];
  readonly body: unknown;
}

function httpSeen({ status, headers, body }: HttpAnswer): Seen {
  // Compared as a whole with what it must be.
  return { status, body: body as { code: string; message: string }, headers: pickHeaders(headers) };
}

type AnyMessages = Endpoint<EndpointContract>;

async function lookByTest(
  given: Provocation,
  as: "plain" | "tidings" | "browser",
  happens: "before" | "after",
): Promise<Seen> {
  await using server = await startTestApp(createApp(given.app));
  const { app, clock } = server;
  const enter = (path: string, options: object) => server.connect(path, { ...options, as: "plain" });
  await given.before?.({ app, enter });
  const path = given.path ?? "/ws/room";
  try {
    const connecting = server.connect<AnyMessages>(path, {
      as,
      token: given.token,
      cookies: given.cookies,
      origin: given.origin,
      headers: given.request?.headers,
      answersPings: false,
    });
    connecting.catch(() => {}); // awaited below
    if (given.passes !== undefined && happens === "before") await clock.advance(given.passes);
    const connection = await connecting;
    for (const said of given.says ?? []) connection.sendFrame(said);
    if (given.passes !== undefined) await clock.advance(given.passes);
    return await connection.closed;
  } catch (refused) {
    if (refused instanceof RefusedError) return testSeen(refused, path);
    throw refused;
  } finally {
    given.after?.();
  }
}

function testSeen({ status, code, closeCode, headers, message }: RefusedError, path: string): Seen {
  if (status === undefined || status === 101) return { code: closeCode, reason: code ?? "" };
  const told = message.replace(`${path} was refused: ${status} ${code}. `, "");
  return { status, body: { code: code ?? "", message: told }, headers: pickHeaders(headers) };
}

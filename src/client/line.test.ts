import { describe, expect, test } from "vitest";
import { ClientWorld } from "../../test/support/client-world.js";
import type { Closed } from "../declare/closed.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { ConnectOptions } from "./client.js";

function begin(options: ConnectOptions<object> = {}, world = new ClientWorld()) {
  const client = world.connect(options);
  const statuses: string[] = [];
  const errors: TidingsError[] = [];
  client.onStatus((status, why) => statuses.push([status, ...(why ? [wordsOf(why)] : [])].join(": ")));
  client.on("error", (error) => errors.push(error));
  return { world, client, statuses, errors };
}

function wordsOf({ code, reason }: Closed): string {
  return `${code} ${reason}`.trim();
}

describe("a connection", () => {
  test("is dialled at once, says `connect` first, and is open when the server has said `connected`", async () => {
    const { world, client, statuses } = begin({ query: { page: "a b" } });
    expect(client.status).toBe("connecting");
    await world.settled();
    const { socket } = world;
    expect([socket.url, socket.protocols]).toEqual(["wss://app.example/ws?page=a+b", ["tidings.v1"]]);
    expect(socket.heard).toEqual([]);
    socket.opens();
    expect(socket.heard).toEqual([{ type: "connect", payload: { since: {} } }]);
    expect(client.status).toBe("connecting");
    socket.says("connected", { connection: "c", heartbeatMs: 30_000, user: { id: "ana" } });
    expect([client.status, client.user]).toEqual(["open", { id: "ana" }]);
    expect(statuses).toEqual(["open"]);
  });

  test("that is lost is dialled again, and tells when", async () => {
    const { world, client, statuses } = begin();
    await world.letIn();
    world.socket.closes(1006);
    expect([client.status, client.retryAtMs]).toEqual(["waiting", world.clock.now() + 500]);
    await world.clock.advance("499ms");
    expect(world.dials).toHaveLength(1);
    await world.clock.advance("1ms");
    expect(world.dials).toHaveLength(2);
    expect([client.status, client.retryAtMs]).toEqual(["connecting", undefined]);
    await world.letIn();
    expect(statuses).toEqual(["open", "waiting: 1006", "connecting", "open"]);
  });

  test("that is lost is that for a WebSocket that has no code for it too", async () => {
    const { world, statuses } = begin();
    await world.letIn();
    world.socket.closes(0);
    expect(statuses).toEqual(["open", "waiting: 1006"]);
  });

  test("that the server ended for good stays closed, and all is let go", async () => {
    const { world, client, statuses } = begin();
    await world.letIn();
    world.socket.closes(1008, "forbidden");
    expect(await client.closed).toEqual({ code: 1008, reason: "forbidden" });
    expect(statuses).toEqual(["open", "closed: 1008 forbidden"]);
    expect([world.clock.size, world.networkListeners]).toEqual([0, 0]);
    await world.clock.advance("1h");
    expect(world.dials).toHaveLength(1);
  });

  test.each([
    ["a dial that is not answered", async () => {}],
    ["a server that says nothing", async (world: ClientWorld) => world.socket.opens()],
    [
      "a server that only pings",
      async (world: ClientWorld) => {
        world.socket.opens();
        await world.clock.advance("9s");
        world.socket.says("ping");
      },
    ],
  ])("has one time for all until `connected`: %s", async (_, meanwhile) => {
    const { world, client, statuses } = begin();
    await world.settled();
    const startMs = world.clock.now();
    await meanwhile(world);
    await world.clock.advance(`${9_999 - (world.clock.now() - startMs)}ms`);
    expect(client.status).toBe("connecting");
    await world.clock.advance("1ms");
    expect(statuses).toEqual(["waiting: 1006 timeout"]);
    expect(world.socket.closings).toHaveLength(1);
  });

  test("of which the socket comes late is ended, when there is another already", async () => {
    const world = new ClientWorld();
    let arrive: ((socket: ClientWorld["socket"]) => void) | undefined;
    world.dialling = () => new Promise((resolve) => (arrive = resolve));
    const { client } = begin({ timeout: "1s" }, world);
    await world.clock.advance("1s");
    expect(client.status).toBe("waiting");
    arrive?.(world.socket);
    await world.settled();
    expect(world.socket.closings).toHaveLength(1);
    world.socket.opens();
    world.socket.says("connected", {});
    expect([client.status, world.socket.heard]).toEqual(["waiting", []]);
  });

  test("that can't even be tried is tried again later", async () => {
    const world = new ClientWorld();
    world.dialling = () => Promise.reject(new SyntaxError("No such address."));
    const { statuses, errors } = begin({}, world);
    await world.settled();
    expect(statuses).toHaveLength(1);
    expect(errors.map(({ message }) => message)).toEqual(["No such address."]);
    await world.clock.advance("30s");
    expect(world.dials.length).toBeGreaterThan(1);
  });

  test("that has ended says nothing more", async () => {
    const { world, client, statuses, errors } = begin();
    const old = await world.letIn();
    old.closes(1006);
    await world.clock.advance("500ms");
    await world.letIn();
    statuses.length = 0;
    const heard: unknown[] = [];
    client.on("note", (note) => heard.push(note));
    old.says("note", { n: 1 });
    old.saysText("nonsense");
    old.says("drain", { reconnectAfterMs: 1 });
    old.closes(1008, "forbidden");
    old.opens();
    expect([client.status, statuses, errors, heard]).toEqual(["open", [], [], []]);
  });

  test("takes what is said as it opens, after what waited", async () => {
    const { world, client } = begin({ queue: 1 });
    client.send("say", { n: 1 });
    const taken: boolean[] = [];
    client.onStatus(() => {
      for (const n of [2, 3]) taken.push(client.send("say", { n }));
    });
    await world.letIn();
    expect(taken).toEqual([true, true]);
    expect(world.socket.heardOf("say").map(({ payload }) => payload.n)).toEqual([1, 2, 3]);
  });

  test("is let in once: what says `connected` again changes nothing", async () => {
    const { world, client, statuses } = begin();
    await world.letIn({ user: { id: "ana" } });
    const subscription = client.subscribe("plain/:id", { id: "a" });
    world.socket.says("connected", { user: { id: "eve" } });
    await world.settled();
    expect([client.user, statuses, world.socket.types]).toEqual([{ id: "ana" }, ["open"], ["connect", "subscribe"]]);
    expect(subscription.status).toBe("subscribing");
  });

  test("is not open before `connected`: what is said before is not heard", async () => {
    const { world, client, errors } = begin();
    const heard: unknown[] = [];
    client.on("note", (note) => heard.push(note));
    await world.settled();
    world.socket.opens();
    world.socket.says("note", { n: 1 });
    world.socket.says("subscribed", {}, { channel: "plain/a" });
    world.socket.says("error", { code: "forbidden", message: "" });
    expect([heard, errors, client.status]).toEqual([[], [], "connecting"]);
  });

  test.each(["nonsense", "5", "[]", "null", "{}", '{"type":5}'])(
    "says by `error` that %s is no message",
    async (text) => {
      const { world, client, errors } = begin();
      await world.letIn();
      world.socket.saysText(text);
      expect([errors.map(({ code }) => code), client.status]).toEqual([["invalid_message"], "open"]);
    },
  );

  test("is not open because an old one says so", async () => {
    const { world, client } = begin();
    const old = await world.letIn();
    old.closes(1006);
    await world.clock.advance("500ms");
    old.says("connected", {});
    expect(client.status).toBe("connecting");
  });
});

describe("what a close tells", () => {
  test("is told with the status, whatever comes of it", async () => {
    const { world, client, statuses } = begin({ retryOn: [4001] });
    for (const [code, reason] of [
      [1013, "overloaded"],
      [4001, "moved"],
      [1011, "internal"],
      [4002, "banned"],
    ] as const) {
      client.reconnect();
      await world.settled();
      world.socket.closes(code, reason);
    }
    expect(statuses.filter((status) => status !== "connecting")).toEqual([
      "waiting: 1013 overloaded",
      "waiting: 4001 moved",
      "waiting: 1011 internal",
      "closed: 4002 banned",
    ]);
  });

  test("after `drain` it dials when it was told to, and not before the server has closed", async () => {
    const { world, client } = begin();
    await world.letIn();
    world.socket.says("drain", { reconnectAfterMs: 1_800 });
    await world.clock.advance("5s");
    expect([client.status, world.dials.length]).toEqual(["open", 1]);
    world.socket.closes(1001, "going_away");
    await world.clock.advance("1799ms");
    expect(world.dials).toHaveLength(1);
    await world.clock.advance("1ms");
    expect(world.dials).toHaveLength(2);
  });

  test.each([-5, "soon", null, undefined])("a drain of %s has a back-off", async (reconnectAfterMs) => {
    const { world, client } = begin();
    await world.letIn();
    world.socket.says("drain", { reconnectAfterMs });
    world.socket.closes(1001, "going_away");
    expect(client.retryAtMs).toBe(world.clock.now() + 500);
  });

  test("a server that closes at once, for ever, is dialled every 15 s on average, and no more often", async () => {
    const { world } = begin();
    const untilMs = world.clock.now() + 3_600_000;
    while (world.clock.now() < untilMs) {
      await world.settled();
      world.socket.opens();
      world.socket.says("connected", { heartbeatMs: 30_000 });
      world.socket.closes(1011, "internal");
      await world.clock.advance("15s");
    }
    expect(world.dials.length).toBeLessThan(250);
    expect(world.dials.length).toBeGreaterThan(200);
  });
});

describe("closing", () => {
  test("is for good, says why to the server, and happens once", async () => {
    const { world, client, statuses } = begin();
    await world.letIn();
    client.close(4000, "done");
    client.close(4001, "again");
    client[Symbol.dispose]();
    expect(await client.closed).toEqual({ code: 4000, reason: "done" });
    expect(world.socket.closings[0]).toEqual({ code: 4000, reason: "done" });
    expect(statuses).toEqual(["open", "closed: 4000 done"]);
    world.socket.closes(1006);
    await world.clock.advance("1h");
    expect([world.dials.length, world.clock.size, world.networkListeners]).toEqual([1, 0, 0]);
  });

  test("once more changes nothing, also for its subscriptions", async () => {
    const { world, client } = begin();
    await world.letIn();
    const subscription = client.subscribe("plain/:id", { id: "a" });
    client.close();
    const changes: string[] = [];
    subscription.onStatus((status) => changes.push(status));
    client.close();
    expect([subscription.status, changes]).toEqual(["lost", []]);
  });

  test("with nothing said is 1000", async () => {
    const { world, client } = begin();
    await world.letIn();
    client[Symbol.dispose]();
    expect(await client.closed).toEqual({ code: 1000, reason: "" });
    expect(world.socket.closings[0]).toEqual({ code: 1000, reason: "" });
  });

  test.each([
    ["while a token is asked for", async () => {}, { token: () => new Promise<string>(() => {}) }],
    ["while a server is dialled", async (world: ClientWorld) => world.settled(), {}],
    [
      "before `connected`",
      async (world: ClientWorld) => {
        await world.settled();
        world.socket.opens();
      },
      {},
    ],
    [
      "while it waits to dial again",
      async (world: ClientWorld) => {
        await world.letIn();
        world.socket.closes(1006);
      },
      {},
    ],
  ])("%s ends that too", async (_, before, options) => {
    const { world, client } = begin(options);
    await before(world);
    const dials = world.dials.length;
    client.close();
    await world.clock.advance("1h");
    expect([client.status, client.retryAtMs, world.dials.length, world.clock.size]).toEqual([
      "closed",
      undefined,
      dials,
      0,
    ]);
  });

  test("before a socket came ends it when it comes", async () => {
    const world = new ClientWorld();
    let arrive: ((socket: ClientWorld["socket"]) => void) | undefined;
    world.dialling = () => new Promise((resolve) => (arrive = resolve));
    const { client } = begin({}, world);
    await world.settled();
    client.close();
    arrive?.(world.socket);
    await world.settled();
    expect(world.socket.closings).toHaveLength(1);
  });

  test("before the token came keeps it from being dialled with", async () => {
    let give: ((token: string) => void) | undefined;
    const { world, client } = begin({ token: () => new Promise((resolve) => (give = resolve)) });
    await world.settled();
    client.close();
    give?.("late");
    await world.settled();
    expect(world.dials).toEqual([]);
  });
});

describe("reconnecting by hand", () => {
  test("dials at once where it waits, and then not once more", async () => {
    const { world, client } = begin();
    await world.letIn();
    world.socket.closes(1006);
    client.reconnect();
    client.reconnect();
    await world.clock.advance("1s");
    expect(world.dials).toHaveLength(2);
  });

  test.each(["connecting", "open", "closed"])("changes nothing where it is %s", async (status) => {
    const { world, client } = begin();
    if (status !== "connecting") await world.letIn();
    if (status === "closed") client.close();
    await world.settled();
    client.reconnect();
    await world.settled();
    expect([client.status, world.dials.length]).toEqual([status, 1]);
  });
});

describe("whoever is told and closes it meanwhile", () => {
  test.each(["connecting", "open", "waiting"])("has closed it for good: %s", async (when) => {
    const { world, client, statuses } = begin();
    client.onStatus((status) => {
      if (status === when) client.close();
    });
    await world.letIn();
    if (when !== "open") world.socket.closes(1006);
    await world.clock.advance("1h");
    expect(client.status).toBe("closed");
    expect(statuses.at(-1)).toBe("closed: 1000");
    expect([world.dials.length, world.clock.size, world.networkListeners]).toEqual([1, 0, 0]);
    expect(world.dials.every(({ closings }) => when !== "open" || closings.length > 0)).toBe(true);
  });

  test("as a subscription's status changes has closed it for good", async () => {
    const { world, client } = begin();
    await world.letIn();
    const subscription = client.subscribe("plain/:id", { id: "a" });
    world.socket.says("subscribed", {}, { channel: "plain/a", id: world.socket.heardOf("subscribe")[0]?.id });
    subscription.onStatus((status) => {
      if (status === "subscribing") client.close();
    });
    world.socket.closes(1006);
    await world.clock.advance("1h");
    expect([client.status, subscription.status, world.dials.length]).toEqual(["closed", "lost", 1]);
    expect(await client.closed).toEqual({ code: 1000, reason: "" });
  });

  test("as an event arrives has closed it for good, and what follows is not heard", async () => {
    const { world, client, errors } = begin();
    await world.letIn();
    const heard: unknown[] = [];
    client.on("note", (note) => {
      heard.push(note);
      client.close();
    });
    world.socket.says("note", { n: 1 });
    world.socket.says("note", { n: 2 });
    expect([heard, client.status, errors]).toEqual([[{ n: 1 }], "closed", []]);
  });

  test("as a token fails has closed it for good", async () => {
    const { world, client } = begin({ token: () => Promise.reject(new Error("no")) });
    client.on("error", () => client.close());
    await world.clock.advance("1h");
    expect([client.status, world.dials.length, world.clock.size]).toEqual(["closed", 0, 0]);
  });
});

test("a listener that reconnects as soon as it has to wait does so", async () => {
  const { world, client } = begin();
  client.onStatus((status) => {
    if (status === "waiting") client.reconnect();
  });
  await world.letIn();
  world.socket.closes(1006);
  await world.settled();
  expect([client.status, world.dials.length]).toEqual(["connecting", 2]);
  await world.letIn();
  await world.clock.advance("20s");
  expect(world.dials).toHaveLength(2);
});

test("a refusal that a token is, is one as if the server had given it", async () => {
  const { world, client, errors } = begin({
    token: () => Promise.reject(new TidingsError("unauthorized", "Sign in.")),
  });
  expect(await client.closed).toEqual({ code: 1008, reason: "unauthorized" });
  expect(errors.at(-1)).toMatchObject({ code: "unauthorized", message: "Sign in." });
  expect(world.dials).toEqual([]);
});

import { describe, expect, test } from "vitest";
import { ClientWorld } from "../../test/support/client-world.js";
import { createConnect } from "./connect.js";

/** Where it dials. */
async function dialled(target: string, base?: string, query?: object): Promise<string> {
  const world = new ClientWorld();
  world.base = base;
  createConnect(world)(target as never, { query } as never); // any address, as a page might give one
  await world.settled();
  return world.socket.url;
}

describe("an address", () => {
  test.each([
    ["/ws", "https://app.example/page?a=1#top", "wss://app.example/ws"],
    ["/ws", "http://localhost:8000/", "ws://localhost:8000/ws"],
    ["../ws", "https://app.example/a/b/c", "wss://app.example/a/ws"],
    ["http://127.0.0.1:8000/ws", undefined, "ws://127.0.0.1:8000/ws"],
    ["https://app.example/ws?a=1", undefined, "wss://app.example/ws?a=1"],
    ["ws://app.example/ws", "https://other.example", "ws://app.example/ws"],
    ["wss://http.example/http", undefined, "wss://http.example/http"],
    ["//app.example/ws", "https://other.example", "wss://app.example/ws"],
    ["/ws/r%2F1", "https://app.example", "wss://app.example/ws/r%2F1"],
  ])("%j on a page at %s is %s", async (target, base, url) => {
    expect(await dialled(target, base)).toBe(url);
  });

  test("has the query behind it, but for what is undefined", async () => {
    const query = { page: "a b&c", no: undefined, lang: "" };
    expect(await dialled("/ws?x=1", "https://app.example", query)).toBe("wss://app.example/ws?x=1&page=a+b%26c&lang=");
  });

  test.each([
    ["/ws", undefined],
    ["", undefined],
    ["localhost:8000/ws", undefined],
    ["localhost:8000/ws", "https://app.example"],
    ["http://", undefined],
  ])("%j on a page at %s is none", async (target, base) => {
    await expect(dialled(target, base)).rejects.toThrow(TypeError);
  });
});

test.each(["soon", "10", "-1s"])("a time-out of %s is none", (timeout) => {
  expect(() => new ClientWorld().connect({ timeout: timeout as never })).toThrow(TypeError);
});

test("what arrives goes to those who listen for it, with where it came from", async () => {
  const world = new ClientWorld();
  const client = world.connect();
  const heard: unknown[] = [];
  client.on("note", (payload, origin) => heard.push(["note", payload, origin]));
  client.on("said", (payload, origin) => heard.push(["said", payload, origin]));
  const stop = client.on("note", () => heard.push("again"));
  await world.letIn();
  world.socket.says("note", { n: 1 });
  stop();
  world.socket.says("subscribed", { epoch: "e", offset: 0 }, { channel: "kept/a" });
  world.socket.says("said", { n: 2 }, { channel: "kept/a", offset: 1 });
  world.socket.says("said", { n: 3 }, { channel: "kept/unknown", offset: 1 });
  expect(heard).toEqual([["note", { n: 1 }, {}], "again", ["said", { n: 2 }, { channel: "kept/a", offset: 1 }]]);
});

test("an answer is for who asked, and for nobody else", async () => {
  const world = new ClientWorld();
  const client = world.connect();
  const others: unknown[] = [];
  client.on("reply" as never, (reply) => others.push(reply));
  client.on("error", (error) => others.push(error));
  await world.letIn();
  const answers = [client.request("ask"), client.request("ask")];
  world.socket.says("reply", 7, { id: 1 });
  world.socket.says("error", { code: "forbidden", message: "No." }, { id: 2 });
  expect(await answers[0]).toBe(7);
  await expect(answers[1]).rejects.toMatchObject({ code: "forbidden", message: "No." });
  expect(others).toEqual([]);
});

test("an error that answers nothing is told, with its channel", async () => {
  const world = new ClientWorld();
  const client = world.connect();
  const errors: unknown[] = [];
  client.on("error", ({ code }, { channel }) => errors.push([code, channel]));
  await world.letIn();
  client.send("say", { n: 1 });
  world.socket.says("error", { code: "invalid_payload", message: "", type: "say" });
  world.socket.says("error", { code: "forbidden", message: "" }, { channel: "$tasks/ana", id: 99 });
  expect(errors).toEqual([
    ["invalid_payload", undefined],
    ["forbidden", "$tasks/ana"],
  ]);
  expect(client.tasks.all.size).toBe(0);
});

describe("the user's tasks", () => {
  const at = { channel: "$tasks/ana" };
  const started = { task: "t1", progress: 0, timestamp: "2026-01-02T03:04:05.678Z" };

  test("are told of by their channel: its state, its events, and no gap", async () => {
    const world = new ClientWorld();
    const client = world.connect();
    const heard: string[] = [];
    client.tasks.on("change", ({ id, status }) => heard.push(`${id} ${status}`));
    await world.letIn();
    const state = [{ type: "task_started", payload: started }];
    world.socket.says("subscribed", { epoch: "e", offset: 1, state }, at);
    world.socket.says("task_completed", { ...started, progress: 100, result: 7 }, { ...at, offset: 2 });
    world.socket.says(
      "gap",
      { epoch: "f", offset: 0, state: [{ type: "task_queued", payload: { ...started, task: "t2" } }] },
      at,
    );
    expect(heard).toEqual(["t1 started", "t1 completed", "t1 completed", "t2 queued"]);
    expect([...client.tasks.all.keys()]).toEqual(["t2"]);
  });

  test.each([null, 5, {}, "x", [null], [7], [{}], [{ type: 5, payload: {} }], [{ payload: null }]])(
    "a state of them that is %j is told as `invalid_message`, and no more",
    async (state) => {
      const world = new ClientWorld();
      const client = world.connect();
      const errors: string[] = [];
      client.on("error", ({ code }) => errors.push(code));
      await world.letIn();
      world.socket.says("subscribed", { epoch: "e", offset: 1, state }, at);
      expect([errors, client.status]).toEqual([["invalid_message"], "open"]);
    },
  );

  test("are cancelled by asking, and awaited in vain when the client has closed", async () => {
    const world = new ClientWorld();
    const client = world.connect();
    await world.letIn();
    const cancelled = client.tasks.cancel("t1");
    expect(world.socket.heardOf("task_cancel")).toEqual([{ type: "task_cancel", payload: { task: "t1" }, id: 1 }]);
    world.socket.says("reply", null, { id: 1 });
    await cancelled;
    const done = expect(client.tasks.done("t1")).rejects.toMatchObject({ code: "connection_lost" });
    client.close();
    await done;
  });
});

test("publishes of two clients have keys of their own", async () => {
  const keys = await Promise.all(
    [0.25, 0.75].map(async (chance) => {
      const world = new ClientWorld();
      world.chance = chance;
      const client = world.connect();
      await world.letIn();
      client
        .subscribe("plain/:id", { id: "a" })
        .publish("said", { n: 1 })
        .catch(() => {});
      return world.socket.heardOf("publish")[0]?.payload.key;
    }),
  );
  expect(keys[0]).not.toBe(keys[1]);
});

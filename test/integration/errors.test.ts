import { ConfigError, channel, endpoint, rawEndpoint, TidingsError } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { anyRate } from "../support/any-rate.js";
import { serve } from "../support/served-app.js";
import { dial, dialRefused, dialTidings } from "../support/ws-client.js";

const secretDetail = "connection string: postgres://root:hunter2@db";

test.each([
  [
    "throws",
    () => {
      throw new Error(secretDetail);
    },
  ],
  ["rejects", () => Promise.reject(new Error(secretDetail))],
])("P18: an `open` that %s closes with 1011, for every kind of client", async (_, open) => {
  const messages = endpoint("/ws/messages", { open });
  const raw = rawEndpoint("/ws/raw", { open });
  await using server = await serve({ endpoints: [messages, raw] });
  const plain = await dial(`${server.url}/ws/messages`);
  expect(await plain.closed).toEqual({ code: 1011, reason: "internal" });
  expect(plain.unread).toEqual([]);
  const ours = await dialTidings(`${server.url}/ws/messages`);
  expect(await ours.next()).toMatchObject({ type: "connected" });
  expect(await ours.closed).toEqual({ code: 1011, reason: "internal" });
  const frames = await dial(`${server.url}/ws/raw`);
  expect(await frames.closed).toEqual({ code: 1011, reason: "internal" });
  expect(await server.errors.next()).toMatchObject({ error: { message: secretDetail }, at: { during: "open" } });
});

test("P18: an `open` that throws an error meant for the client closes with that", async () => {
  const closing = endpoint("/ws/closing/:code", {
    open({ params }) {
      throw new TidingsError(params.code, "Sorry.");
    },
  });
  await using server = await serve({ endpoints: [closing] });
  const closedWith = async (code: string) => (await dial(`${server.url}/ws/closing/${code}`)).closed;
  expect(await closedWith("forbidden")).toEqual({ code: 1008, reason: "forbidden" });
  expect(await closedWith("unavailable")).toEqual({ code: 1013, reason: "unavailable" });
  expect(await closedWith("sold_out")).toEqual({ code: 1008, reason: "sold_out" });
  expect(server.errors.unread).toEqual([]);
});

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
const failures: Readonly<Record<string, () => unknown>> = {
  "throws an error": () => {
    throw new Error(secretDetail);
  },
  "rejects with an error": () => Promise.reject(new Error(secretDetail)),
  "throws a string": () => {
    throw secretDetail;
  },
  "throws null": () => {
    throw null;
  },
  "rejects with nothing": () => Promise.reject(),
  "throws an object with a code": () => {
    throw { code: "forbidden", message: secretDetail };
  },
  "throws an error at start-up's fault": () => {
    throw new ConfigError("oops", { message: secretDetail, fix: "" });
  },
  "throws an error that aborts": () => {
    throw new DOMException(secretDetail, "AbortError");
  },
  "returns a bigint": () => 1n,
  "returns a cycle": () => cyclic,
  "returns what throws when it is written": () => ({
    toJSON() {
      throw new Error(secretDetail);
    },
  }),
  "returns a thenable that fails": () => ({
    // biome-ignore lint/suspicious/noThenProperty: a thenable that is no promise is what this is about
    then: (_: unknown, reject: (error: Error) => void) => reject(new Error(secretDetail)),
  }),
  "returns what is nested too deep": () => {
    let nested: unknown[] = [];
    for (let depth = 0; depth < 100_000; depth += 1) nested = [nested];
    return nested;
  },
};

test.each(Object.entries(failures))("P18: a handler that %s is answered `internal`, and goes on", async (_, fail) => {
  const work = endpoint("/ws/work", {
    receives: { fail: z.object({}), ok: z.object({}) },
    on: { fail: () => fail() as unknown, ok: () => "ok" },
  });
  await using server = await serve({ endpoints: [work] });
  const client = await dialTidings(`${server.url}/ws/work`);
  const { payload } = await client.next();
  const { connection } = payload as { readonly connection: string };
  const answer = await client.ask("fail", {}, 7);
  expect(answer).toEqual({
    type: "error",
    id: 7,
    payload: { code: "internal", type: "fail", message: expect.any(String) },
  });
  expect(JSON.stringify(answer)).not.toMatch(/hunter2|postgres/);
  expect((await server.errors.next()).at).toEqual({ during: 'message "fail"', connection, endpoint: "/ws/work" });
  const line = await server.log.next("error");
  expect(line).toMatchObject({ level: "error", fields: { connection, endpoint: "/ws/work" } });
  expect(await client.ask("ok", {}, 8)).toEqual({ type: "reply", id: 8, payload: "ok" });
});

test("P18: a message without an id is answered `internal` too", async () => {
  const work = endpoint("/ws/work", {
    receives: { fail: z.object({}) },
    on: { fail: () => Promise.reject(new Error(secretDetail)) },
  });
  await using server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work`);
  client.send({ type: "fail" });
  const answer = await client.next();
  expect(answer).toMatchObject({ type: "error", payload: { code: "internal", type: "fail" } });
  expect(answer).not.toHaveProperty("id");
});

test("P18: an error with a code of the app's own reaches the client whole, and is no fault of the server's", async () => {
  const shop = endpoint("/ws/shop", {
    receives: { buy: z.object({}) },
    on: {
      buy() {
        const cause = new Error(secretDetail);
        const issues = [{ path: ["amount"], message: "too much" }];
        throw new TidingsError("sold_out", "Come back later.", { retryAfterMs: 1_500, issues, cause });
      },
    },
  });
  await using server = await serve({ endpoints: [shop] });
  const client = await dial(`${server.url}/ws/shop`);
  expect(await client.ask("buy", {}, 1)).toEqual({
    type: "error",
    id: 1,
    payload: {
      code: "sold_out",
      message: "Come back later.",
      type: "buy",
      retryAfterMs: 1_500,
      issues: [{ path: ["amount"], message: "too much" }],
    },
  });
  expect(server.errors.unread).toEqual([]);
  expect(server.app.stats()).toMatchObject({ handlerErrors: 0, errorsAnswered: 1 });
});

test.each([
  [
    "a handler that throws",
    {
      text: () => {
        throw new Error(secretDetail);
      },
    },
  ],
  ["a handler that rejects", { text: () => Promise.reject(new Error(secretDetail)) }],
  ["a loop that rejects", { run: () => Promise.reject(new Error(secretDetail)) }],
  [
    "a loop that throws before it began",
    {
      run: (): Promise<void> => {
        throw new Error(secretDetail);
      },
    },
  ],
])("P18: %s closes a raw endpoint with 1011", async (_, handlers) => {
  const raw = rawEndpoint("/ws/raw", handlers);
  await using server = await serve({ endpoints: [raw] });
  const client = await dial(`${server.url}/ws/raw`);
  client.sendText("x");
  expect(await client.closed).toEqual({ code: 1011, reason: "internal" });
  expect(await server.errors.next()).toMatchObject({ error: { message: secretDetail }, at: { endpoint: "/ws/raw" } });
});

test("P18: a check that throws before the handshake is 500, told to `onError` and to nobody else", async () => {
  const guarded = endpoint("/ws/guarded", {
    allow() {
      throw new Error(secretDetail);
    },
  });
  await using server = await serve({ endpoints: [guarded] });
  const refused = await dialRefused(`${server.url}/ws/guarded`);
  expect(refused).toMatchObject({ status: 500, body: { code: "internal" } });
  expect(JSON.stringify(refused.body)).not.toContain("hunter2");
  const ours = await dial(`${server.url}/ws/guarded`, { protocols: ["tidings.v1"] });
  expect(await ours.closed).toEqual({ code: 1011, reason: "internal" });
  expect(await server.errors.next()).toMatchObject({ at: { endpoint: "/ws/guarded", connection: undefined } });
});

test("P18: a `close` handler that throws or rejects is told to `onError`, and the connection ends all the same", async () => {
  const failing = endpoint("/ws/failing", {
    close: (_, { code }) => {
      if (code === 1000) throw new Error("thrown");
      return Promise.reject(new Error("rejected"));
    },
  });
  await using server = await serve({ endpoints: [failing] });
  for (const [code, message] of [
    [1000, "thrown"],
    [4000, "rejected"],
  ] as const) {
    const client = await dial(`${server.url}/ws/failing`);
    await client.takeAll();
    client.close(code);
    expect(await server.errors.next()).toMatchObject({ error: { message }, at: { during: "close" } });
    await server.log.next("disconnected");
  }
  expect(server.app.stats()).toMatchObject({ connections: 0, connectionsClosed: 2 });
});

test("P18: an `onError` that throws harms nobody", async () => {
  const work = endpoint("/ws/work", {
    receives: { fail: z.object({}) },
    on: { fail: () => Promise.reject(new Error("x")) },
  });
  const onError = () => {
    throw new Error("the watcher failed");
  };
  await using server = await serve({ endpoints: [work], onError });
  const client = await dial(`${server.url}/ws/work`);
  for (const id of [1, 2]) expect(await client.ask("fail", {}, id)).toMatchObject({ payload: { code: "internal" } });
  const lines = [await server.log.next("error"), await server.log.next("error")];
  expect(lines.map(({ fields }) => fields.during)).toEqual(['message "fail"', "onError"]);
});

test("P18: one client that fails in every way takes nothing from another", async () => {
  const room = channel("room", { events: { said: z.object({ n: z.number() }) } });
  const work = endpoint("/ws/work", {
    channels: [room],
    receives: { fail: z.object({ how: z.string() }), say: z.object({ n: z.number() }) },
    open: ({ connection }) => connection.join(room()),
    on: {
      fail: (_, { how }) => failures[how]?.() as unknown,
      say: ({ app }, { n }) => app.publish(room(), "said", { n }),
    },
    close() {
      throw new Error("in close too");
    },
  });
  await using server = await serve({ endpoints: [work], limits: anyRate });
  const [bad, good] = [await dial(`${server.url}/ws/work`), await dial(`${server.url}/ws/work`)];
  await Promise.all([bad, good].map((each) => each.takeAll()));
  for (const [n, how] of Object.keys(failures).entries()) {
    await bad.ask("fail", { how }, n);
    good.send({ type: "say", payload: { n } });
    expect(await good.next()).toEqual({ type: "said", channel: "room", payload: { n } });
    await bad.next();
  }
  bad.sendText("{");
  bad.sendBinary(Uint8Array.of(0));
  expect(await bad.closed).toMatchObject({ code: 1003 });
  good.send({ type: "say", payload: { n: 99 }, id: "end" });
  expect(await good.takeUntil("end")).toEqual([{ type: "said", channel: "room", payload: { n: 99 } }]);
});

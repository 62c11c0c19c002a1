import { expect, test } from "vitest";
import { z } from "zod";
import { LogRecorder } from "../../test/support/log-recorder.js";
import type { App } from "../declare/app.js";
import { channel } from "../declare/channel.js";
import { endpoint, rawEndpoint } from "../declare/endpoint.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { startTestApp } from "../testing/test-app.js";
import { createApp } from "./app.js";
import type { AppOptions } from "./app-options.js";

const news = channel("news", { events: { item: z.string() } });
const how = z.enum(["throw", "reject", "own", "misfit", "never mind"]);

function fail(given: z.infer<typeof how>): unknown {
  if (given === "throw") throw new Error("thrown");
  if (given === "reject") return Promise.reject(new Error("rejected"));
  if (given === "own") throw new TidingsError("sold_out");
  return undefined;
}

const fragile = endpoint("/fragile", {
  query: z.object({ open: how.default("never mind"), close: how.default("never mind") }),
  receives: { break: how, say: z.string() },
  sends: { hello: z.string().max(5) },
  channels: [news],
  async open({ connection, query }) {
    await connection.join(news());
    await fail(query.open);
  },
  on: {
    break({ connection }, given) {
      if (given === "misfit") connection.send("hello", "too long");
      return fail(given);
    },
    say: (_, text) => text.toUpperCase(),
  },
  close: ({ query }) => fail(query.close),
});
const rawFragile = rawEndpoint("/raw", { text: (_, text) => fail(text as z.infer<typeof how>) });

/** An app with somebody who is connected, and who is to hear all the same whatever happens to others. */
async function start(options: Partial<AppOptions> = {}) {
  const errors: [string, unknown][] = [];
  const app = createApp({
    endpoints: [fragile, rawFragile],
    onError: (error, { during }) => errors.push([during, error]),
    ...options,
  });
  const server = await startTestApp(app);
  const bob = await server.connect<typeof fragile>("/fragile");
  return {
    server,
    errors,
    async expectAllIsWell() {
      await app.publish(news(), "item", "still here");
      expect(await bob.next("item")).toBe("still here");
      expect(await bob.request("say", "hi")).toBe("HI");
      const eve = await server.connect<typeof fragile>("/fragile");
      expect(await eve.request("say", "new")).toBe("NEW");
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

test.each([
  ["throw", "internal", new Error("thrown")],
  ["reject", "internal", new Error("rejected")],
  ["own", "sold_out", undefined],
  ["misfit", "internal", expect.objectContaining({ name: "OutgoingPayloadError" })],
] as const)("a handler that fails (%s) fails its message, and nothing else", async (given, code, error) => {
  await using app = await start();
  const ana = await app.server.connect<typeof fragile>("/fragile");
  await expect(ana.request("break", given)).rejects.toMatchObject({ code });
  ana.send("break", given);
  expect(await ana.next("error")).toMatchObject({ code });
  expect(await ana.request("say", "hi")).toBe("HI");
  const during = 'message "break"';
  expect(app.errors).toEqual(
    error === undefined
      ? []
      : [
          [during, error],
          [during, error],
        ],
  );
  await app.expectAllIsWell();
});

test.each([
  ["throw", 1011, "internal"],
  ["own", 1008, "sold_out"],
] as const)(
  "an `open` that fails (%s) closes its connection, which has left its channels, and nothing else",
  async (given, code, reason) => {
    await using app = await start();
    const ana = await app.server.connect<typeof fragile>(`/fragile?open=${given}`);
    expect(await ana.closed).toEqual({ code, reason });
    await app.server.clock.advance("1ms");
    expect(app.server.app.stats()).toMatchObject({ connections: 1, connectionsClosed: 1 });
    expect(app.errors).toEqual(given === "own" ? [] : [["open", new Error("thrown")]]);
    await app.expectAllIsWell();
  },
);

test.each(["throw", "reject"] as const)("a `close` that fails (%s) is told, and nothing else fails", async (given) => {
  await using app = await start();
  const ana = await app.server.connect<typeof fragile>(`/fragile?close=${given}`);
  ana.close(4000);
  await ana.closed;
  await app.server.clock.advance("1ms");
  expect(app.errors).toEqual([["close", new Error(given === "throw" ? "thrown" : "rejected")]]);
  expect(app.server.app.stats()).toMatchObject({ connections: 1, connectionsClosed: 1 });
  await app.expectAllIsWell();
});

test.each(["throw", "reject"] as const)(
  "a raw handler that fails (%s) closes its connection with 1011, and nothing else",
  async (given) => {
    await using app = await start();
    const ana = await app.server.connect<typeof rawFragile>("/raw");
    ana.send(given);
    expect(await ana.closed).toEqual({ code: 1011, reason: "internal" });
    expect(app.errors).toEqual([["frame", new Error(given === "throw" ? "thrown" : "rejected")]]);
    await app.expectAllIsWell();
  },
);

test("an `onError` that throws takes nothing down", async () => {
  await using app = await start({
    onError: () => {
      throw new Error("of onError");
    },
  });
  const ana = await app.server.connect<typeof fragile>("/fragile");
  await expect(ana.request("break", "throw")).rejects.toMatchObject({ code: "internal" });
  await app.expectAllIsWell();
});

test("an `onError` that rejects takes nothing down, and is told in the log", async () => {
  const logger = new LogRecorder();
  await using app = await start({ logger, onError: () => Promise.reject(new Error("of onError")) });
  const ana = await app.server.connect<typeof fragile>("/fragile");
  await expect(ana.request("break", "throw")).rejects.toMatchObject({ code: "internal" });
  await app.expectAllIsWell();
  const told = logger.lines.filter(({ fields }) => fields.during === "onError");
  expect(told.map(({ fields }) => fields.err)).toEqual([new Error("of onError")]);
});

test.each([
  [
    "throws",
    () => {
      throw new Error("disk full");
    },
  ],
  ["rejects", () => Promise.reject(new Error("disk full"))],
])("a logger that %s takes nothing down", async (_, broken) => {
  await using app = await start({ logger: { debug: broken, info: broken, warn: broken, error: broken } });
  const ana = await app.server.connect<typeof fragile>("/fragile");
  await expect(ana.request("break", "throw")).rejects.toMatchObject({ code: "internal" });
  ana.close(4000);
  await ana.closed;
  await app.expectAllIsWell();
});

test("a publish that fails and is left alone goes to `onError`", async () => {
  await using app = await start();
  app.server.app.publish(news(), "item", 7 as never);
  await app.server.clock.advance("1ms");
  expect(app.errors).toEqual([['publish of "item"', expect.objectContaining({ name: "OutgoingPayloadError" })]]);
  await expect(app.server.app.publish(news(), "item", 7 as never)).rejects.toThrow("does not fit its schema");
  expect(app.errors).toHaveLength(1);
});

test.each([
  ["disconnectUser", (app: App) => app.disconnectUser("ana", { code: 1005 }), RangeError],
  ["revoke", (app: App) => app.revoke({} as never), TypeError],
])("a %s that fails and is left alone goes to `onError`, and ends no process", async (during, call, kind) => {
  await using app = await start();
  call(app.server.app);
  await app.server.clock.advance("1ms");
  expect(app.errors).toEqual([[during, expect.any(kind)]]);
  await expect(call(app.server.app)).rejects.toThrow(kind);
  expect(app.errors).toHaveLength(1);
});

test("a channel that was not called is no channel: whoever uses it is told", async () => {
  const rooms = channel("rooms/:id", { events: { said: z.string() }, presence: true, history: { size: 1, ttl: "1m" } });
  const hall = endpoint("/hall", {
    channels: [rooms],
    receives: { enter: z.null(), exit: z.null() },
    on: {
      enter: ({ connection }) => connection.join(rooms as never),
      exit: ({ connection }) => connection.leave(rooms as never),
    },
  });
  const app = createApp({ endpoints: [hall], onError: () => {} });
  await using server = await startTestApp(app);
  const uncalled = rooms as never;
  const message = expect.stringContaining('"rooms/:id" is called to name one of its channels');
  await expect(app.publish(uncalled, "said" as never, "hi" as never)).rejects.toMatchObject({
    message,
  });
  await expect(app.history(uncalled)).rejects.toMatchObject({ message });
  await expect(app.presence(uncalled)).rejects.toMatchObject({ message });
  await expect(app.history("rooms/a" as never)).rejects.toThrow('"rooms/a" is no channel');
  const ana = await server.connect<typeof hall>("/hall");
  for (const type of ["enter", "exit"] as const) {
    await expect(ana.request(type, null)).rejects.toMatchObject({ code: "internal" });
  }
  expect(app.stats().channels).toBe(0);
});

test.each([
  ["itme", 'has no event "itme". Did you mean "item"?'],
  ["other", 'has no event "other". It has item.'],
])("an event %s that there is not is told with what there is", async (type, words) => {
  await using app = await start();
  await expect(app.server.app.publish(news(), type as never, "" as never)).rejects.toThrow(words);
});

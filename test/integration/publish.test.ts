import { channel, endpoint } from "tidings";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const feed = channel("feed/:name", {
  events: {
    item: z.object({ n: z.number().max(9), at: z.date().optional(), extra: z.unknown().optional() }),
    checked: z.object({}).refine(async () => true),
  },
});
const name = "news";
const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);

function createFeed() {
  return endpoint("/ws/feed", {
    channels: [feed],
    receives: { misfit: z.object({}), misfitAwaited: z.object({}) },
    open: ({ connection }) => connection.join(feed({ name })),
    on: {
      misfit({ app }) {
        app.publish(feed({ name }), "item", { n: 10 });
        return "went on";
      },
      async misfitAwaited({ app }) {
        await app.publish(feed({ name }), "item", { n: 10 });
      },
    },
  });
}

beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", note);
});

afterEach(() => {
  process.off("unhandledRejection", note);
});

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

test.each([
  ["does not fit its schema", "item", { n: 10 }, /does not fit its schema at n/],
  ["is a cycle", "item", { n: 1, extra: cyclic }, /can't be written as JSON/],
  ["holds a bigint", "item", { n: 1, extra: 1n }, /can't be written as JSON/],
  ["has a schema that is asynchronous", "checked", {}, /must be synchronous/],
  ["is of no such event", "nothing" as "item", { n: 1 }, /no event "nothing"/],
] as const)(
  "an event that %s goes to nobody, and its error to who awaits it, else to `onError`",
  async (_, type, payload, message) => {
    await using server = await serve({ endpoints: [createFeed()] });
    const client = await dial(`${server.url}/ws/feed`);
    await client.takeAll();
    await expect(server.app.publish(feed({ name }), type as "item", payload as { n: number })).rejects.toThrow(message);
    expect(server.errors.unread).toEqual([]);
    server.app.publish(feed({ name }), type as "item", payload as { n: number });
    const { error, at } = await server.errors.next();
    expect(String(error)).toMatch(message);
    expect(at).toEqual({ during: `publish of "${type}"`, connection: undefined, endpoint: undefined });
    expect(await client.takeAll()).toEqual([]);
    expect(unhandled).toEqual([]);
  },
);

test("a handler goes on after a publish that it did not await and that failed", async () => {
  await using server = await serve({ endpoints: [createFeed()] });
  const client = await dial(`${server.url}/ws/feed`);
  expect(await client.ask("misfit", {}, 1)).toEqual({ type: "reply", id: 1, payload: "went on" });
  expect((await server.errors.next()).at.during).toBe('publish of "item"');
  expect(await client.ask("misfitAwaited", {}, 2)).toMatchObject({
    type: "error",
    id: 2,
    payload: { code: "internal" },
  });
  expect((await server.errors.next()).at.during).toBe('message "misfitAwaited"');
  expect(await client.takeAll()).toEqual([]);
  expect(server.errors.unread).toEqual([]);
  expect(unhandled).toEqual([]);
});

test("an event goes out as its schema makes it, and the promise resolves when it is in the outboxes", async () => {
  await using server = await serve({ endpoints: [createFeed()] });
  const client = await dial(`${server.url}/ws/feed`);
  await client.takeAll();
  const payload = { n: 1, at: new Date(0), extra: { undefined, nan: Number.NaN, list: [undefined] } };
  const published = await server.app.publish(feed({ name }), "item", payload);
  expect(published).toEqual({ offset: undefined });
  expect(await client.nextText()).toBe(
    '{"type":"item","channel":"feed/news","payload":{"n":1,"at":"1970-01-01T00:00:00.000Z","extra":{"nan":null,"list":[null]}}}',
  );
});

test.each(["", "a/b", "..", ".", "a\u0000", "\ud800", "x".repeat(129)])(
  "a channel with the param %j has no name, and nothing is published",
  async (bad) => {
    await using server = await serve({ endpoints: [createFeed()] });
    expect(() => server.app.publish(feed({ name: bad }), "item", { n: 1 })).toThrow(
      expect.objectContaining({ code: "not_found" }),
    );
    expect(server.app.stats().eventsPublished).toBe(0);
  },
);

test("names that are no words reach who is on that channel, and only them", async () => {
  const rooms = endpoint("/ws/rooms/:name", {
    channels: [feed],
    open: ({ connection, params }) => connection.join(feed(params)),
  });
  await using server = await serve({ endpoints: [rooms] });
  const names = ["__proto__", "constructor", "a b", "żółć", "$x", '"', "\\", "👩"];
  const clients = await Promise.all(names.map((each) => dial(`${server.url}/ws/rooms/${encodeURIComponent(each)}`)));
  await Promise.all(clients.map((client) => client.takeAll()));
  for (const [n, each] of names.entries()) await server.app.publish(feed({ name: each }), "item", { n });
  for (const [n, client] of clients.entries()) {
    expect(await client.takeAll()).toEqual([{ type: "item", channel: `feed/${names[n]}`, payload: { n } }]);
  }
});

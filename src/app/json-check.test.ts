import { expect, test } from "vitest";
import { z } from "zod";
import { ConfigError } from "../base/config-error.js";
import { channel } from "../declare/channel.js";
import { type AnyEndpoint, endpoint, rawEndpoint } from "../declare/endpoint.js";
import { createApp } from "./app.js";
import { checkJson } from "./json-check.js";

const nothing = () => {};
const check = (one: AnyEndpoint) => () => checkJson(one["~definition"]);

const day = z.object({ at: z.date() });
const nested = z.object({ list: z.array(z.object({ at: z.date() })) });
const count = z.object({ count: z.bigint() });
const quiet = channel("quiet", { events: {} });
const chat = channel("chat/:room", { events: { said: count } });
const news = channel("news", { events: { item: z.record(z.string(), z.number()) } });

test.each<[string, AnyEndpoint, string]>([
  [
    "a message",
    endpoint("/ws/:room", { receives: { say: day }, on: { say: nothing } }),
    "/ws/:room, receives.say.at: ",
  ],
  [
    "the second of two messages, deep inside",
    endpoint("/ws", { receives: { ok: z.string(), say: nested }, on: { ok: nothing, say: nothing } }),
    "/ws, receives.say.list.[].at: ",
  ],
  [
    "a reply",
    endpoint("/ws", { receives: { ask: z.string() }, replies: { ask: count }, on: { ask: () => ({ count: 1n }) } }),
    "/ws, replies.ask.count: ",
  ],
  ["what the endpoint sends", endpoint("/ws", { sends: { ok: z.string(), told: count } }), "/ws, sends.told.count: "],
  [
    "an event of a channel",
    endpoint("/ws", {
      channels: [quiet, chat],
    }),
    'channel "chat/:room", events.said.count: ',
  ],
  ["a payload as a whole", endpoint("/ws", { sends: { told: z.map(z.string(), z.string()) } }), "/ws, sends.told: "],
])("%s that can't be JSON is refused, with the way there and the fix", (_, one, where) => {
  expect(check(one)).toThrow(ConfigError);
  expect(check(one)).toThrow(
    expect.objectContaining({
      code: "not_json",
      message: expect.stringContaining(where),
      fix: expect.stringMatching(/\w/),
    }),
  );
});

test("what arrives is told apart from what is sent", () => {
  const arriving = endpoint("/ws", { receives: { say: day }, on: { say: nothing } });
  expect(check(arriving)).toThrow("can't arrive as JSON");
  expect(check(endpoint("/ws", { sends: { told: count } }))).toThrow("can't be sent as JSON");
  // A Date is sent as its text, and can't come back as one.
  expect(check(endpoint("/ws", { sends: { told: day } }))).not.toThrow();
});

test("an event of a channel must be able to arrive as well, where clients may publish it", () => {
  const listing = (publish: boolean | (() => boolean) | undefined) => {
    const days = channel("days", { events: { day }, allow: { subscribe: true, publish } });
    return endpoint("/ws", { channels: [days] });
  };
  expect(check(listing(undefined))).not.toThrow();
  expect(check(listing(false))).not.toThrow();
  const where = 'channel "days", events.day.at: a Date can\'t arrive as JSON';
  expect(check(listing(true))).toThrow(where);
  expect(check(listing(() => false))).toThrow(where);
});

test("what goes through JSON passes, and a raw endpoint has no schemas", () => {
  const fits = endpoint("/ws", {
    receives: { say: z.object({ at: z.coerce.date(), text: z.string().optional() }) },
    replies: { say: z.object({ at: z.string() }) },
    sends: { told: z.union([z.string(), z.null()]) },
    channels: [news],
    on: { say: () => ({ at: "" }) },
  });
  expect(check(fits)).not.toThrow();
  expect(check(rawEndpoint("/raw", {}))).not.toThrow();
});

test("an app with such a schema is not made", () => {
  const endpoints = [endpoint("/fine", {}), endpoint("/ws", { receives: { say: day }, on: { say: nothing } })];
  expect(() => createApp({ endpoints })).toThrow(expect.objectContaining({ code: "not_json" }));
});

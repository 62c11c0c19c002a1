import { channel, createApp, endpoint } from "tidings";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { anyRate } from "../support/any-rate.js";
import { codeOf } from "../support/channel-events.js";
import { dialInMemory } from "../support/memory-client.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const events = { item: z.object({ n: z.number() }) };
const allow = { subscribe: true, publish: true } as const;
const feed = channel("feed/:name", { events, history: { size: 5, ttl: "5m" }, presence: true, allow });
const deep = channel("deep/:a/:b/:c", { events, allow });
const shape = endpoint("/ws", {
  channels: [feed, deep],
  limits: anyRate,
  receives: { echo: z.unknown() },
  on: { echo: (_, it) => it },
});

const since = '{"epoch":"e","offset":1}';
const requests = ["subscribe", "unsubscribe", "publish", "presence", "history"] as const;

/** Payloads as they are written, and what the answer's issues are about. */
const misfits: readonly (readonly [type: string, payload: string, ...paths: readonly string[]])[] = [
  ...requests.flatMap((type) =>
    ["null", "7", '"feed/a"', "true", "[]", "{}", '[{"channel":"feed/a"}]', '{"Channel":"feed/a"}'].map(
      (payload) => [type, payload, "channel", ...(type === "publish" ? ["type"] : [])] as const,
    ),
  ),
  ...requests.flatMap((type) =>
    ["null", "7", "true", "{}", '["feed/a"]', '{"toString":1}', "1e999"].map(
      (name) => [type, `{"channel":${name},"type":"item"}`, "channel"] as const,
    ),
  ),
  ...requests.map((type) => [type, '{"__proto__":{"channel":"feed/a"},"type":"item"}', "channel"] as const),
  ...[
    "null",
    "7",
    '"e"',
    "[]",
    "{}",
    '{"epoch":"e"}',
    '{"offset":1}',
    '{"epoch":7,"offset":1}',
    '{"epoch":"","offset":1}',
    `{"epoch":"${"e".repeat(33)}","offset":1}`,
    '{"epoch":"e","offset":-1}',
    '{"epoch":"e","offset":0.5}',
    '{"epoch":"e","offset":"1"}',
    '{"epoch":"e","offset":null}',
    '{"epoch":"e","offset":9007199254740992}',
    '{"epoch":"e","offset":1e308}',
    '{"epoch":"e","offset":1e999}',
    `{"__proto__":${since}}`,
    `[${since}]`,
  ].map((place) => ["subscribe", `{"channel":"feed/a","since":${place}}`, "since"] as const),
  ...["null", "-1", "1.5", '"1"', "true", "[]", "{}", "9007199254740992", "1e999"].flatMap((count) => [
    ["subscribe", `{"channel":"feed/a","rewind":${count}}`, "rewind"] as const,
    ["history", `{"channel":"feed/a","limit":${count}}`, "limit"] as const,
    ["history", `{"channel":"feed/a","before":${count}}`, "before"] as const,
  ]),
  ...["null", "0", "1", '"true"', "[]", "{}"].flatMap((flag) => [
    ["subscribe", `{"channel":"feed/a","presence":${flag}}`, "presence"] as const,
    ["presence", `{"channel":"feed/a","watch":${flag}}`, "watch"] as const,
  ]),
  ["subscribe", `{"channel":"feed/a","since":${since},"rewind":1}`, "rewind"],
  ["subscribe", `{"channel":"feed/a","since":${since},"rewind":0}`, "rewind"],
  ["subscribe", '{"since":7,"rewind":-1,"presence":0}', "channel", "since", "rewind", "presence"],
  ["history", '{"channel":7,"limit":"x","before":{}}', "channel", "limit", "before"],
  ...["null", "7", '""', '"a b"', '"1st"', `"${"t".repeat(65)}"`, '["item"]', '"__proto__"'].map(
    (type) => ["publish", `{"channel":"feed/a","type":${type},"payload":{"n":1}}`, "type"] as const,
  ),
  ...["null", "7", '""', "[]", `"${"k".repeat(65)}"`].map(
    (key) => ["publish", `{"channel":"feed/a","type":"item","payload":{"n":1},"key":${key}}`, "key"] as const,
  ),
];

test("what does not fit is `invalid_payload` whose issues say where, and the connection is kept", async () => {
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`);
  for (const [index, [type, payload, ...paths]] of misfits.entries()) {
    client.sendText(`{"type":"${type}","payload":${payload},"id":${index}}`);
    const answer = await client.next();
    const what = `${type} ${payload}`;
    expect({ what, ...answer }).toMatchObject({
      what,
      type: "error",
      id: index,
      payload: { code: "invalid_payload", type },
    });
    const { issues } = answer.payload as { readonly issues: readonly { readonly path: readonly string[] }[] };
    expect({ what, paths: issues.map(({ path }) => path) }).toEqual({ what, paths: paths.map((path) => [path]) });
  }
  expect(await client.ask("echo", "still here")).toMatchObject({ payload: "still here" });
  expect(server.app.stats()).toMatchObject({
    errorsAnswered: misfits.length,
    handlerErrors: 0,
    channels: 0,
    eventsPublished: 0,
    connections: 1,
  });
  expect(server.errors.unread).toEqual([]);
});

test("a payload left out is {}, so that it names no channel", async () => {
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`);
  for (const type of requests) {
    client.send({ type, id: type });
    const answer = await client.next();
    expect(answer).toMatchObject({ id: type, payload: { code: "invalid_payload" } });
    expect(answer).not.toHaveProperty("channel");
  }
});

const fine: readonly (readonly [type: string, payload: string])[] = [
  ["subscribe", '{"channel":"feed/a","since":{"epoch":"e","offset":0,"more":{}},"presence":false}'],
  ["unsubscribe", '{"channel":"feed/a","since":7}'],
  ["subscribe", '{"channel":7,"channel":"feed/a","rewind":9007199254740991}'],
  ["publish", '{"channel":"feed/a","type":"item","payload":{"n":1},"offset":7,"epoch":[],"since":0}'],
  ["presence", '{"channel":"feed/a","limit":"x"}'],
  ["history", '{"channel":"feed/a","limit":9007199254740991,"before":9007199254740991,"presence":"x"}'],
  ["subscribe", '{"channel":"feed/__proto__"}'],
  ["subscribe", '{"channel":"feed/constructor","__proto__":{"rewind":-1}}'],
  ["subscribe", '{"channel":"feed/%2e%2e"}'],
  ["subscribe", '{"channel":"feed/a%2Fb"}'],
  ["subscribe", '{"channel":"feed/$x"}'],
  ["subscribe", '{"channel":"feed/👩"}'],
  ["subscribe", '{"channel":"feed/ "}'],
  ["subscribe", `{"channel":"feed/${"x".repeat(128)}"}`],
  ["subscribe", `{"channel":"feed/${"é".repeat(64)}"}`],
  ["subscribe", `{"channel":"deep/${"x".repeat(121)}/${"y".repeat(126)}/z"}`],
];

test("fields that are not known are ignored, and so is what a name looks like", async () => {
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`);
  for (const [index, [type, payload]] of fine.entries()) {
    client.sendText(`{"type":"${type}","payload":${payload},"id":${index}}`);
    let answer = await client.next();
    while (answer.id !== index) answer = await client.next();
    expect({ payload, type: answer.type }).not.toMatchObject({ type: "error" });
  }
});

const noChannels: readonly string[] = [
  "",
  "/",
  "feed",
  "feed/",
  "/feed/a",
  "feed/a/",
  "feed//a",
  "feed/a/b",
  "Feed/a",
  "feed/.",
  "feed/..",
  "feed/../feed",
  "feed/:name/x",
  "feed/a\u0000",
  "feed/\u001f",
  "feed/a\n",
  "feed/\u007f",
  "feed/\u0085",
  "feed\u0000/a",
  "feed%2Fa",
  "$tasks/x",
  "$tasks/ana",
  "$",
  "__proto__",
  "constructor",
  "feed/\\ud800",
  `feed/${"x".repeat(129)}`,
  `feed/${"é".repeat(65)}`,
  `feed/${"x".repeat(60_000)}`,
  `deep/${"x".repeat(122)}/${"y".repeat(126)}/z`,
  `deep/${"é".repeat(60)}/${"é".repeat(60)}/${"é".repeat(60)}`,
];

test.each(["subscribe", "publish", "presence", "history"])(
  "%s of what is no channel here is `not_found`",
  async (type) => {
    await using server = await serve({ endpoints: [shape] });
    const client = await dial(`${server.url}/ws`);
    for (const [index, name] of noChannels.entries()) {
      const written = JSON.stringify(name).replace("\\\\ud800", "\\ud800");
      client.sendText(
        `{"type":"${type}","payload":{"channel":${written},"type":"item","payload":{"n":1}},"id":${index}}`,
      );
      const answer = await client.next();
      expect({ name: name.slice(0, 300), id: answer.id, code: codeOf(answer) }).toEqual({
        name: name.slice(0, 300),
        id: index,
        code: "not_found",
      });
      // An answer repeats nothing that is longer than a name can be.
      expect(JSON.stringify(answer).length).toBeLessThan(1_000);
    }
    expect(server.app.stats()).toMatchObject({ channels: 0, eventsPublished: 0, connections: 1 });
  },
);

test("`unsubscribe` from what is no channel here tells no more than from one it is not on", async () => {
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`);
  for (const [id, name] of ["feed/a", "none", "$tasks/x", "__proto__", "constructor"].entries()) {
    expect(await client.ask("unsubscribe", { channel: name }, id)).toMatchObject({
      channel: name,
      payload: { code: "not_subscribed" },
    });
  }
});

test("where an endpoint lists no channels there are none", async () => {
  await using server = await serve({ endpoints: [endpoint("/ws", {})] });
  const client = await dial(`${server.url}/ws`);
  for (const type of ["subscribe", "publish", "presence", "history"]) {
    const payload = { channel: "feed/a", type: "item", payload: { n: 1 } };
    expect(codeOf(await client.ask(type, payload))).toBe("not_found");
  }
});

test("`presence` and `history` without an id are `invalid_message`, whatever else is wrong", async () => {
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`);
  for (const type of ["presence", "history"]) {
    for (const payload of [{ channel: "feed/a" }, { channel: "none" }, {}, null]) {
      client.send({ type, payload });
      expect(codeOf(await client.next())).toBe("invalid_message");
    }
  }
});

// Rates and memory

test("messages about channels count as `control`, a publish as a message, whatever becomes of them; a refused one is not handled", async () => {
  const narrow = endpoint("/ws", { channels: [feed], limits: { control: "4/1h", messages: "1/1h" } });
  await using server = await serve({ endpoints: [narrow] });
  const client = await dial(`${server.url}/ws`);
  const said = [
    ["subscribe", { channel: "feed/a" }],
    ["subscribe", { channel: "feed/a" }],
    ["history", {}],
    ["publish", { channel: "feed/a", type: "none" }],
    ["presence", { channel: "none" }],
    ["unsubscribe", { channel: "feed/a" }],
    ["publish", { channel: "feed/a", type: "item", payload: { n: 1 } }],
  ] as const;
  for (const [id, [type, payload]] of said.entries()) client.send({ type, payload, id });
  const answers = await client.take(said.length);
  expect(answers.map(codeOf)).toEqual([
    "subscribed",
    "already_subscribed",
    "invalid_payload",
    "unknown_type",
    "not_found",
    "rate_limited",
    "rate_limited",
  ]);
  expect(answers[5]).toMatchObject({
    type: "error",
    id: 5,
    channel: "feed/a",
    payload: { code: "rate_limited", type: "unsubscribe", retryAfterMs: expect.any(Number) },
  });
  expect(server.app.stats()).toMatchObject({ channels: 1, eventsPublished: 0, rateLimited: 2 });
});

test("who goes on past its rate is closed", async () => {
  const narrow = endpoint("/ws", { channels: [feed], limits: { control: "5/1h", strikes: "3/1h" } });
  await using server = await serve({ endpoints: [narrow] });
  const client = await dial(`${server.url}/ws`);
  for (let n = 0; n < 20; n += 1) client.send({ type: "subscribe", payload: { channel: `feed/${n}` } });
  expect(await client.closed).toEqual({ code: 1008, reason: "rate_limited" });
});

test("a client that asks for everything again and again leaves nothing behind", async () => {
  const app = createApp({ endpoints: [shape], limits: { presenceGrace: "0s" } });
  await using server = await startTestApp(app);
  const client = await dialInMemory(server, "/ws");
  for (let n = 0; n < 500; n += 1) {
    const name = `feed/${n}`;
    client.send({ type: "subscribe", payload: { channel: name, since: { epoch: "e", offset: n }, presence: true } });
    client.send({ type: "presence", payload: { channel: name, watch: true }, id: "p" });
    client.send({ type: "history", payload: { channel: name }, id: "h" });
    client.send({ type: "unsubscribe", payload: { channel: name } });
    client.send({ type: "presence", payload: { channel: name, watch: true }, id: "p" });
    client.send({ type: "subscribe", payload: { channel: `none/${n}` } });
    await client.takeAll();
  }
  await server.clock.advance("1s");
  expect(app.stats()).toMatchObject({ channels: 0, waitingBytes: 0, outboxBytes: 0, connections: 1 });
});

test("a client can't be on more channels than `limits.channels`, however fast it asks", async () => {
  const slow = channel("slow/:n", { events, allow: { subscribe: async () => true } });
  const narrow = endpoint("/ws", { channels: [slow], limits: { channels: 3, ...anyRate } });
  await using server = await serve({ endpoints: [narrow] });
  const client = await dial(`${server.url}/ws`);
  for (let n = 0; n < 50; n += 1) client.send({ type: "subscribe", payload: { channel: `slow/${n}` }, id: n });
  const codes = (await client.take(50)).map(codeOf);
  expect(codes.slice(0, 3)).toEqual(["subscribed", "subscribed", "subscribed"]);
  expect(new Set(codes.slice(3))).toEqual(new Set(["too_many_channels"]));
  expect(server.app.stats().channels).toBe(3);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as encode from "./encode-message.js";
import { EncodeError, encodePayload } from "./encode-message.js";

const membersJson = ['{"id":"alice"}', '{"id":"bob","name":"Bob"}'];
const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const taskProgress = {
  task: "t7",
  name: "export",
  progress: 40,
  message: "page 3",
  timestamp: "2026-01-02T03:04:05.678Z",
};

describe("what a server sends is written to the letter", () => {
  test.each<[what: string, text: string, expected: string]>([
    ["a reply", encode.encodeReply(7, { ok: true }), '{"type":"reply","id":7,"payload":{"ok":true}}'],
    ["a reply of nothing", encode.encodeReply(7, undefined), '{"type":"reply","id":7,"payload":null}'],
    ["a reply to a text id", encode.encodeReply('a"b', 1), '{"type":"reply","id":"a\\"b","payload":1}'],
    [
      "a reply about a channel",
      encode.encodeReply(7, { offset: 58 }, "chat/a"),
      '{"type":"reply","id":7,"channel":"chat/a","payload":{"offset":58}}',
    ],
    ["a reply encoded before", encode.encodeReplyJson(7, "[1]"), '{"type":"reply","id":7,"payload":[1]}'],
    [
      "the history",
      encode.encodeHistory({
        id: 5,
        epoch: "k3",
        events: [{ type: "said", offset: 39, payloadJson: '{"text":"hi"}' }],
      }),
      '{"type":"reply","id":5,"payload":{"epoch":"k3","events":[{"type":"said","offset":39,"payload":{"text":"hi"}}]}}',
    ],
    [
      "an empty history",
      encode.encodeHistory({ id: 5, epoch: "k3", events: [] }),
      '{"type":"reply","id":5,"payload":{"epoch":"k3","events":[]}}',
    ],
    [
      "several events of a history",
      encode.encodeHistory({
        id: "h",
        events: [
          { type: "said", payloadJson: "1" },
          { type: "left", payloadJson: "2" },
        ],
      }),
      '{"type":"reply","id":"h","payload":{"events":[{"type":"said","payload":1},{"type":"left","payload":2}]}}',
    ],
    [
      "a direct message",
      encode.encodeAppMessage("greeting", { name: "Ana" }),
      '{"type":"greeting","payload":{"name":"Ana"}}',
    ],
    ["a direct message of nothing", encode.encodeAppMessage("tick", undefined), '{"type":"tick","payload":null}'],
    [
      "an event with history",
      encode.encodeEvent({ type: "said", channel: "chat/a", offset: 58, payloadJson: '{"text":"hi"}' }),
      '{"type":"said","channel":"chat/a","offset":58,"payload":{"text":"hi"}}',
    ],
    [
      "an event without history",
      encode.encodeEvent({ type: "said", channel: 'chat/"a"', payloadJson: "null" }),
      '{"type":"said","channel":"chat/\\"a\\"","payload":null}',
    ],
    [
      "an event that is part of a trace",
      encode.encodeEvent({ type: "said", channel: "chat/a", offset: 58, trace, payloadJson: "null" }),
      `{"type":"said","channel":"chat/a","offset":58,"trace":"${trace}","payload":null}`,
    ],
    [
      "a task's progress",
      encode.encodeEvent({
        type: "task_progress",
        channel: "$tasks/alice",
        payloadJson: encodePayload(taskProgress),
      }),
      '{"type":"task_progress","channel":"$tasks/alice","payload":{"task":"t7","name":"export","progress":40,' +
        '"message":"page 3","timestamp":"2026-01-02T03:04:05.678Z"}}',
    ],
    [
      "an error",
      encode.encodeError({
        retryAfterMs: undefined,
        issues: [{ path: ["text"], message: "…" }],
        type: "say",
        message: "…",
        code: "invalid_payload",
        id: 7,
      }),
      '{"type":"error","id":7,"payload":{"code":"invalid_payload","message":"…","type":"say","issues":[{"path":["text"],"message":"…"}]}}',
    ],
    [
      "an error with all it can have",
      encode.encodeError({
        code: "rate_limited",
        message: "Wait.",
        id: "7",
        channel: "chat/a",
        type: "publish",
        issues: [],
        retryAfterMs: 250,
      }),
      '{"type":"error","id":"7","channel":"chat/a","payload":{"code":"rate_limited","message":"Wait.","type":"publish","issues":[],"retryAfterMs":250}}',
    ],
    [
      "an error with the least it can have",
      encode.encodeError({ code: "invalid_json", message: "No." }),
      '{"type":"error","payload":{"code":"invalid_json","message":"No."}}',
    ],
    [
      "subscribed",
      encode.encodeSubscribed({ channel: "prices/BTC", epoch: "k3", offset: 41, recovered: true, membersJson }),
      '{"type":"subscribed","channel":"prices/BTC","payload":{"epoch":"k3","offset":41,"recovered":true,"members":[{"id":"alice"},{"id":"bob","name":"Bob"}]}}',
    ],
    [
      "subscribed with all it can have",
      encode.encodeSubscribed({
        stateJson: "null",
        count: 2000,
        recovered: false,
        offset: 0,
        epoch: "k",
        id: 1,
        channel: "c",
      }),
      '{"type":"subscribed","id":1,"channel":"c","payload":{"epoch":"k","offset":0,"recovered":false,"count":2000,"state":null}}',
    ],
    [
      "subscribed without history",
      encode.encodeSubscribed({ channel: "c" }),
      '{"type":"subscribed","channel":"c","payload":{}}',
    ],
    [
      "unsubscribed",
      encode.encodeUnsubscribed({ channel: "prices/BTC" }),
      '{"type":"unsubscribed","channel":"prices/BTC"}',
    ],
    [
      "unsubscribed as asked for",
      encode.encodeUnsubscribed({ channel: "prices/BTC", id: 4 }),
      '{"type":"unsubscribed","id":4,"channel":"prices/BTC"}',
    ],
    [
      "unsubscribed by the server",
      encode.encodeUnsubscribed({ channel: "chat/a", code: "forbidden" }),
      '{"type":"unsubscribed","channel":"chat/a","payload":{"code":"forbidden"}}',
    ],
    [
      "a gap",
      encode.encodeGap({ channel: "chat/a", epoch: "k4", offset: 90 }),
      '{"type":"gap","channel":"chat/a","payload":{"epoch":"k4","offset":90}}',
    ],
    [
      "a gap without history",
      encode.encodeGap({ channel: "chat/a" }),
      '{"type":"gap","channel":"chat/a","payload":{}}',
    ],
    [
      "a gap with a snapshot",
      encode.encodeGap({ channel: "c", epoch: "k4", offset: 90, stateJson: '{"price":3}' }),
      '{"type":"gap","channel":"c","payload":{"epoch":"k4","offset":90,"state":{"price":3}}}',
    ],
    [
      "a change of the members",
      encode.encodePresence({ channel: "chat/a", joinedJson: ['{"id":"a"}'], leftJson: [] }),
      '{"type":"presence","channel":"chat/a","payload":{"joined":[{"id":"a"}],"left":[]}}',
    ],
    [
      "all members anew",
      encode.encodePresence({ channel: "chat/a", membersJson }),
      '{"type":"presence","channel":"chat/a","payload":{"members":[{"id":"alice"},{"id":"bob","name":"Bob"}]}}',
    ],
    [
      "too many members",
      encode.encodePresence({ channel: "chat/a", count: 1001 }),
      '{"type":"presence","channel":"chat/a","payload":{"count":1001}}',
    ],
    [
      "auth_success",
      encode.encodeAuthSuccess({ user: { id: "alice" }, expiresInMs: 3_600_000 }),
      '{"type":"auth_success","payload":{"user":{"id":"alice"},"expiresInMs":3600000}}',
    ],
    [
      "auth_success as asked for",
      encode.encodeAuthSuccess({ user: { id: "alice" }, id: 9 }),
      '{"type":"auth_success","id":9,"payload":{"user":{"id":"alice"}}}',
    ],
    [
      "connected",
      encode.encodeConnected({ connection: "…", heartbeatMs: 30_000, user: { id: "alice" }, expiresInMs: 3_600_000 }),
      '{"type":"connected","payload":{"connection":"…","heartbeatMs":30000,"user":{"id":"alice"},"expiresInMs":3600000}}',
    ],
    [
      "connected without a user",
      encode.encodeConnected({ connection: "c", heartbeatMs: 30_000 }),
      '{"type":"connected","payload":{"connection":"c","heartbeatMs":30000}}',
    ],
    ["drain", encode.encodeDrain(1800), '{"type":"drain","payload":{"reconnectAfterMs":1800}}'],
    ["ping", encode.encodePing(), '{"type":"ping"}'],
    ["pong", encode.encodePong(), '{"type":"pong"}'],
    ["pong as asked for", encode.encodePong(7), '{"type":"pong","id":7}'],
  ])("%s", (_what, text, expected) => {
    expect(text).toBe(expected);
  });
});

describe("an error's issues", () => {
  const issue = { path: ["items", 3], message: "Too short.", input: "secret" };

  test("are the first ten", () => {
    const issues = Array.from({ length: 25 }, (_, index) => ({ path: [index], message: "No." }));
    const { payload } = JSON.parse(encode.encodeError({ code: "invalid_payload", message: "", issues }));

    expect(payload.issues).toEqual(issues.slice(0, 10));
  });

  test("tell where and why, and nothing else that a validator put there", () => {
    expect(encode.encodeError({ code: "invalid_payload", message: "", issues: [issue] })).not.toContain("secret");
  });
});

describe("a payload", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  let deep: unknown = 0;
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  const throwing = {
    toJSON() {
      throw new Error("not now");
    },
  };

  test.each([
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [[Number.NaN, Number.POSITIVE_INFINITY], "[null,null]"],
    [undefined, "null"],
    [null, "null"],
    [() => 1, "null"],
    ["\ud800", '"\\ud800"'],
    [{ toJSON: () => undefined }, "null"],
  ])("is written as JSON.stringify does (case %#)", (payload, text) => {
    expect(encodePayload(payload)).toBe(text);
    expect(encode.encodeAppMessage("a", payload)).toBe(`{"type":"a","payload":${text}}`);
    expect(encode.encodeReply(1, payload)).toBe(`{"type":"reply","id":1,"payload":${text}}`);
  });

  test.each([
    ["a bigint", { big: 1n }],
    ["a cycle", cycle],
    ["what is too deep", deep],
    ["a toJSON that throws", throwing],
  ])("that is %s throws an EncodeError, wherever it is sent", (_what, payload) => {
    const sends = [
      () => encodePayload(payload),
      () => encode.encodeAppMessage("a", payload),
      () => encode.encodeReply(1, payload),
    ];
    for (const send of sends) {
      expect(send).toThrow(EncodeError);
      expect(send).toThrow(expect.objectContaining({ name: "EncodeError", cause: expect.any(Error) }));
    }
  });

  test("comes back from what was written", () => {
    const name = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(name, name, fc.nat(), fc.jsonValue(), (type, channel, offset, value) => {
        const payload = JSON.parse(JSON.stringify(value));
        const payloadJson = encodePayload(value);

        expect(JSON.parse(encode.encodeEvent({ type, channel, offset, payloadJson }))).toEqual({
          type,
          channel,
          offset,
          payload,
        });
        expect(JSON.parse(encode.encodeReply(channel, value, type))).toEqual({
          type: "reply",
          id: channel,
          channel: type,
          payload,
        });
        expect(JSON.parse(encode.encodeAppMessage(type, value))).toEqual({ type, payload });
        expect(
          JSON.parse(encode.encodeHistory({ id: 1, epoch: type, events: [{ type, offset, payloadJson }] })),
        ).toEqual({
          type: "reply",
          id: 1,
          payload: { epoch: type, events: [{ type, offset, payload }] },
        });
      }),
    );
  });

  test("of any kind is text that parses, or an EncodeError", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
        (value) => {
          try {
            JSON.parse(encode.encodeAppMessage("a", value));
          } catch (error) {
            expect(error).toBeInstanceOf(EncodeError);
          }
        },
      ),
    );
  });
});

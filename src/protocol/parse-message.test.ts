import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseMessage } from "./parse-message.js";

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("a message", () => {
  test.each<[frame: string, type: string, payload: unknown, id?: string | number]>([
    ['{ "type": "say", "payload": { "text": "hi" }, "id": 7 }', "say", { text: "hi" }, 7],
    ['{"type":"auth","payload":{"token":"…"}}', "auth", { token: "…" }],
    ['{"type":"ping"}', "ping", {}],
    ['{"type":"pong"}', "pong", {}],
    [
      '{"type":"subscribe","payload":{"channel":"prices/BTC","since":{"epoch":"k3","offset":41},"presence":true}}',
      "subscribe",
      { channel: "prices/BTC", since: { epoch: "k3", offset: 41 }, presence: true },
    ],
    ['{"type":"unsubscribe","payload":{"channel":"prices/BTC"}}', "unsubscribe", { channel: "prices/BTC" }],
    [
      '{"type":"publish","payload":{"channel":"chat/a","type":"said","payload":{},"key":"c1-9"}}',
      "publish",
      { channel: "chat/a", type: "said", payload: {}, key: "c1-9" },
    ],
    ['{"type":"presence","payload":{"channel":"chat/a","watch":true}}', "presence", { channel: "chat/a", watch: true }],
    [
      '{"type":"history","payload":{"channel":"chat/a","limit":50,"before":40}}',
      "history",
      { channel: "chat/a", limit: 50, before: 40 },
    ],
    ['{"type":"task_cancel","payload":{"task":"t7"},"id":3}', "task_cancel", { task: "t7" }, 3],
    [
      '{"type":"connect","payload":{"since":{"chat/lobby":{"epoch":"k3","offset":41}},"token":"…"}}',
      "connect",
      { since: { "chat/lobby": { epoch: "k3", offset: 41 } }, token: "…" },
    ],
    ['{"type":"say","id":"7"}', "say", {}, "7"],
    ['{"type":"say","id":0}', "say", {}, 0],
    ['{"type":"say","id":7.0}', "say", {}, 7],
    ['{"type":"say","id":-9007199254740991}', "say", {}, -9007199254740991],
    ['{"type":"say","payload":null}', "say", null],
    ['{"type":"say","payload":false}', "say", false],
    ['{"type":"say","payload":""}', "say", ""],
    ['{"type":"say","payload":[1]}', "say", [1]],
    ['\r\n\t {"type":"say"} ', "say", {}],
    ['{"type":"x","type":"say","id":1,"id":2}', "say", {}, 2],
    ['{"type":"say","channel":7,"offset":"x","other":[]}', "say", {}],
    ['{"\\u0074ype":"say"}', "say", {}],
  ])("is read from %s", (frame, type, payload, id) => {
    expect(parseMessage(frame)).toEqual({ type, payload, id, trace: undefined });
  });

  test.each<[frame: string, trace: string | undefined]>([
    [`{"type":"say","trace":"${trace}"}`, trace],
    [`{"type":"say","trace":"cc${trace.slice(2)}"}`, `cc${trace.slice(2)}`],
    [`{"type":"say","trace":"ff${trace.slice(2)}"}`, undefined],
    [`{"type":"say","trace":"${trace.toUpperCase()}"}`, undefined],
    [`{"type":"say","trace":"00-${"0".repeat(32)}-b7ad6b7169203331-01"}`, undefined],
    [`{"type":"say","trace":"00-0af7651916cd43dd8448eb211c80319c-${"0".repeat(16)}-01"}`, undefined],
    [`{"type":"say","trace":"${trace}-x"}`, undefined],
    [`{"type":"say","trace":"${trace.slice(0, 54)}é"}`, undefined],
    [`{"type":"say","trace":"${trace.slice(0, 54)}\\n"}`, undefined],
    ['{"type":"say","trace":""}', undefined],
    ['{"type":"say","trace":7}', undefined],
    ['{"type":"say","trace":null}', undefined],
  ])("keeps a traceparent and ignores another trace: %s", (frame, kept) => {
    expect(parseMessage(frame)).toEqual({ type: "say", payload: {}, id: undefined, trace: kept });
  });

  test("has the same fields in the same order whatever the frame left out", () => {
    for (const frame of ['{"type":"a"}', `{"trace":"${trace}","id":1,"payload":2,"type":"a"}`]) {
      expect(Object.keys(parseMessage(frame))).toEqual(["type", "payload", "id", "trace"]);
    }
  });

  test("has a payload of its own where it was left out", () => {
    const [one, two] = [parseMessage('{"type":"a"}'), parseMessage('{"type":"a"}')];

    expect("payload" in one && "payload" in two && one.payload !== two.payload).toBe(true);
  });
});

describe("a frame that is not JSON", () => {
  test.each([
    "",
    " ",
    "ping",
    "{",
    "{'type':'say'}",
    '{"type":"say"}x',
    '{"type":"say",}',
    '{"type":"say"}{"type":"say"}',
    '\ufeff{"type":"say"}',
    '{"type":"say"}\u0000',
    "NaN",
    "undefined",
    '{"type":"\n"}',
    '{"type":"say","payload":01}',
  ])("%j is invalid_json", (frame) => {
    expect(parseMessage(frame)).toMatchObject({ error: "invalid_json", id: undefined, type: undefined });
  });
});

describe("a frame that is JSON and no message", () => {
  test.each<[frame: string, id?: string | number | undefined, type?: string]>([
    ["null"],
    ["7"],
    ['"say"'],
    ["true"],
    ["[]"],
    ['[{"type":"say","id":7}]'],
    ["{}"],
    ['{"type":null}'],
    ['{"type":7,"id":7}', 7],
    ['{"type":"","id":"a"}', "a"],
    ['{"type":"1st","id":7}', 7],
    [`{"type":"${"x".repeat(65)}","id":7}`, 7],
    ['{"type":["say"]}'],
    ['{"id":7}', 7],
    ['{"type":"say","id":null}', undefined, "say"],
    ['{"type":"say","id":""}', undefined, "say"],
    ['{"type":"say","id":1.5}', undefined, "say"],
    ['{"type":"say","id":9007199254740992}', undefined, "say"],
    ['{"type":"say","id":1e400}', undefined, "say"],
    ['{"type":"say","id":true}', undefined, "say"],
    ['{"type":"say","id":{}}', undefined, "say"],
    [`{"type":"say","id":"${"x".repeat(65)}"}`, undefined, "say"],
    ['{"type":"say","type":7,"id":7}', 7],
    ['{"type":7,"id":[]}'],
    ['{"Type":"say"}'],
    ['{"__proto__":{"type":"say","id":7}}'],
    ['{"constructor":"say"}'],
  ])("%s is invalid_message, with what could be read of it", (frame, id, type) => {
    expect(parseMessage(frame)).toEqual({ error: "invalid_message", message: expect.any(String), id, type });
  });

  test("is told that an array is one too many", () => {
    expect(parseMessage('[{"type":"say"}]')).toMatchObject({ message: expect.stringContaining("one JSON object") });
  });

  test("takes nothing from a key named __proto__, beside good fields either", () => {
    const frame = '{"type":"say","__proto__":{"id":7,"payload":{"admin":true},"trace":"x"}}';

    expect(parseMessage(frame)).toEqual({ type: "say", payload: {}, id: undefined, trace: undefined });
  });

  test("takes nothing that something else put on every object", () => {
    Object.defineProperty(Object.prototype, "type", { value: "say", configurable: true });
    try {
      expect(parseMessage("{}")).toMatchObject({ error: "invalid_message" });
    } finally {
      Reflect.deleteProperty(Object.prototype, "type");
    }
  });
});

describe("whatever comes", () => {
  /** A message whose fields are as they should be, or a named error; anything else fails the test. */
  function expectMessageOrError(text: string): void {
    const result = parseMessage(text);
    if ("error" in result) {
      expect(["invalid_json", "invalid_message"]).toContain(result.error);
      expect(result.message.length).toBeLessThan(120);
      return;
    }
    expect(result.type).toMatch(/^[A-Za-z][\w.:-]{0,63}$/);
    expect(result.payload).not.toBeUndefined();
    expect(["undefined", "string", "number"]).toContain(typeof result.id);
    expect(["undefined", "string"]).toContain(typeof result.trace);
  }

  test("any string is a message or an error", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), expectMessageOrError), { numRuns: 500 });
  });

  test("any bytes that were decoded as UTF-8 are a message or an error", () => {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectMessageOrError(decoder.decode(bytes))),
      { numRuns: 500 },
    );
  });

  test("any JSON value is a message or an error, and never invalid_json", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expectMessageOrError(text);
        expect(parseMessage(text)).not.toMatchObject({ error: "invalid_json" });
      }),
    );
  });

  test("any object of the right field names is a message or an error", () => {
    const field = fc.option(fc.oneof(fc.jsonValue(), fc.constantFrom("say", 7, trace)), { nil: undefined });
    const fields = fc.record({ type: field, payload: field, id: field, trace: field, __proto__: field });
    fc.assert(
      fc.property(fields, (value) => expectMessageOrError(JSON.stringify(value))),
      { numRuns: 500 },
    );
  });

  test("a message is read as it was written", () => {
    const id = fc.oneof(fc.maxSafeInteger(), fc.string({ minLength: 1, maxLength: 64 }));
    const type = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/);
    fc.assert(
      fc.property(type, fc.jsonValue(), fc.option(id, { nil: undefined }), (name, payload, messageId) => {
        const text = JSON.stringify({ type: name, payload, id: messageId });
        const written = JSON.parse(text);
        expect(parseMessage(text)).toEqual({ type: name, payload: written.payload, id: written.id, trace: undefined });
      }),
    );
  });

  test("a frame nested as deep as its size allows is a message or an error", () => {
    const depth = 32_000;
    expectMessageOrError(`{"type":"say","payload":${"[".repeat(depth)}${"]".repeat(depth)}}`);
    expectMessageOrError("[".repeat(depth));
    expectMessageOrError('{"a":'.repeat(10_000));
  });
});

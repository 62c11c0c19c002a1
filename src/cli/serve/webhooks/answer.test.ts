import { expect, test } from "vitest";
import { type Answer, BadAnswerError, type Hook, type RawAnswer, readAnswer } from "./answer.js";

const given = (body: unknown, status = 200): RawAnswer => ({ status, body: JSON.stringify(body) });

test.each<[hook: Hook, body: object, answer: Answer]>([
  ["connect", { user: { id: "ana", name: "Ana" } }, { user: { id: "ana", name: "Ana" } }],
  ["connect", { user: { id: "ana" }, exp: 1_767_225_600 }, { user: { id: "ana" }, exp: 1_767_225_600 }],
  ["connect", { user: { id: "ana" }, allow: true }, { user: { id: "ana" } }],
  ["connect", { user: { id: "ana" }, allow: false }, { allow: false }],
  ["connect", { allow: true }, { allow: true }],
  ["subscribe", { allow: true }, { allow: true }],
  ["subscribe", { allow: false }, { allow: false }],
  ["publish", { allow: true }, { allow: true }],
  ["message", { reply: { price: 3 } }, { reply: { price: 3 } }],
  ["message", {}, { reply: null }],
  ["disconnect", { whatever: 1 }, {}],
])("to %s, %j is an answer", (hook, body, answer) => {
  expect(readAnswer(hook, given(body))).toEqual(answer);
});

test("an answer without a body is the empty one: a reply of null, and no permission", () => {
  expect(readAnswer("message", { status: 204, body: "" })).toEqual({ reply: null });
  expect(readAnswer("message", { status: 200, body: "" })).toEqual({ reply: null });
  expect(() => readAnswer("subscribe", { status: 204, body: "" })).toThrow("neither `allow`");
});

test.each<[unknown, object]>([
  [{ code: "forbidden" }, { code: "forbidden", message: "forbidden" }],
  [
    { code: "room_full", message: "Ten is enough." },
    { code: "room_full", message: "Ten is enough." },
  ],
  [
    { code: "rate_limited", retryAfterMs: 500 },
    { code: "rate_limited", retryAfterMs: 500 },
  ],
  [
    { code: "invalid_payload", issues: [{ path: ["items", 0], message: "is sold out" }] },
    { code: "invalid_payload", issues: [{ path: ["items", 0], message: "is sold out" }] },
  ],
])("the error %j refuses, whatever was asked", (error, refusal) => {
  for (const hook of ["connect", "subscribe", "publish", "message"] as const) {
    expect(() => readAnswer(hook, given({ error }))).toThrow(
      expect.objectContaining({ name: "TidingsError", ...refusal }),
    );
  }
});

test.each<[Hook, unknown, string]>([
  ["connect", {}, "neither `allow`"],
  ["connect", { user: {} }, "a `user` without an `id`"],
  ["connect", { user: { id: 7 } }, "a `user` without an `id`"],
  ["connect", { user: { id: "" } }, "a `user` without an `id`"],
  ["connect", { user: "ana" }, "a `user` without an `id`"],
  ["connect", { user: { id: "ana" }, exp: "soon" }, "an `exp` that is no number"],
  ["connect", { user: { id: "ana" }, allow: "no" }, "neither `allow`"],
  ["subscribe", {}, "neither `allow`"],
  ["subscribe", { allow: "yes" }, "neither `allow`"],
  ["subscribe", { allow: 1 }, "neither `allow`"],
  ["subscribe", { alow: false }, 'the field "alow"'],
  ["publish", { allow: true, error: null }, "an `error` that is none"],
  ["subscribe", { error: {} }, "an `error` without a `code`"],
  ["subscribe", { error: { code: "Not Allowed" } }, "an `error` without a `code`"],
  ["subscribe", { error: { code: "no", message: 5 } }, "a `message` that is no text"],
  ["subscribe", { error: { code: "no", retryAfterMs: -1 } }, "a `retryAfterMs` that is none"],
  ["subscribe", { error: { code: "no", issues: [{ path: "text" }] } }, "`issues` that are none"],
  ["subscribe", { error: { code: "no" }, allow: true }, "an `error` that is none"],
  ["message", { answer: 1 }, 'the field "answer"'],
  ["message", [], "no JSON object"],
  ["message", "hello", "no JSON object"],
  ["message", null, "no JSON object"],
])("to %s, %j is nonsense", (hook, body, reason) => {
  expect(() => readAnswer(hook, given(body))).toThrow(
    expect.objectContaining({ name: "BadAnswerError", message: expect.stringContaining(reason) }),
  );
});

test.each([301, 302, 307, 308, 400, 401, 403, 404, 429, 500, 502, 503])("the status %i is no answer", (status) => {
  for (const hook of ["connect", "subscribe", "publish", "message", "disconnect"] as const) {
    expect(() => readAnswer(hook, given({ allow: true }, status))).toThrow(
      expect.objectContaining({ name: "BadAnswerError", message: expect.stringContaining(String(status)) }),
    );
  }
});

test("of all that is no answer four statuses say that the backend is away", () => {
  const isAway = (status: number): boolean | undefined => {
    try {
      readAnswer("message", given({}, status));
    } catch (error) {
      return error instanceof BadAnswerError ? error.isAway : undefined;
    }
    return undefined;
  };
  const statuses = [300, 302, 400, 401, 404, 422, 429, 500, 501, 502, 503, 504, 505];
  expect(statuses.filter(isAway)).toEqual([429, 502, 503, 504]);
  expect(isAway(200)).toBeUndefined();
});

test("what is not JSON is nonsense", () => {
  for (const body of ["<html>", "{", "allow", " "]) {
    expect(() => readAnswer("subscribe", { status: 200, body })).toThrow("not JSON");
  }
});

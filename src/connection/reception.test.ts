import { expect, test } from "vitest";
import { type Reception, receive } from "./reception.js";

const message = (type: string, payload: unknown = {}, id?: string | number): Reception => ({
  do: "wait",
  message: { type, payload, id, trace: undefined },
});
const bad = (error: string, more: object = {}) => ({
  do: "wait",
  message: { id: undefined, type: undefined, ...more, error, message: expect.any(String) },
});

const auth = (token: string | undefined, id?: string | number): Reception => ({ do: "authenticate", token, id });

test.each<[string, unknown]>([
  ["ping", { do: "pong", bare: true, id: undefined }],
  ["pong", { do: "nothing" }],
  ['{"type":"ping"}', { do: "pong", bare: false, id: undefined }],
  ['{"type":"ping","id":7}', { do: "pong", bare: false, id: 7 }],
  ['{"type":"ping","id":"7","payload":{"more":1}}', { do: "pong", bare: false, id: "7" }],
  ['{"type":"pong"}', { do: "nothing" }],
  ['{"type":"pong","id":7}', { do: "nothing" }],
  ['{"type":"say","payload":{"text":"hi"},"id":7}', message("say", { text: "hi" }, 7)],
  ['{"type":"say"}', message("say")],
  ['{"type":"connect"}', message("connect")],
  ['{"type":"auth","payload":{"token":"abc"},"id":7}', auth("abc", 7)],
  ['{"type":"auth","payload":{"token":"abc","more":1}}', auth("abc")],
  ['{"type":"auth"}', auth(undefined)],
  ['{"type":"auth","payload":{}}', auth(undefined)],
  ['{"type":"auth","payload":{"token":""}}', auth(undefined)],
  ['{"type":"auth","payload":{"token":7}}', auth(undefined)],
  ['{"type":"auth","payload":"abc"}', auth(undefined)],
  ['{"type":"auth","payload":null}', auth(undefined)],
  ['{"type":"auth","id":{}}', bad("invalid_message", { type: "auth" })],
  ["", bad("invalid_json")],
  ["Ping", bad("invalid_json")],
  ["ping ", bad("invalid_json")],
  ["\ufeff{}", bad("invalid_json")],
  ['{"type":"say"', bad("invalid_json")],
  ['"ping"', bad("invalid_message")],
  ["[]", bad("invalid_message")],
  ["null", bad("invalid_message")],
  ['{"id":7}', bad("invalid_message", { id: 7 })],
  ['{"type":"say","id":1.5}', bad("invalid_message", { type: "say" })],
  ['{"type":"ping","id":{}}', bad("invalid_message", { type: "ping" })],
])("%s", (text, reception) => {
  expect(receive(text, "open")).toEqual(reception);
});

test.each<[string, string]>([
  ['{"type":"connect"}', "enter"],
  ['{"type":"connect","payload":{"since":{}},"id":1}', "enter"],
  ['{"type":"auth","payload":{"token":"abc"}}', "close"],
  ['{"type":"ping"}', "close"],
  ["ping", "close"],
  ["pong", "close"],
  ['{"type":"say","payload":{}}', "close"],
  ['{"type":"connect","id":{}}', "close"],
  ["", "close"],
  ["[]", "close"],
])("before a client of tidings.v1 has greeted: %s", (text, what) => {
  const reception = receive(text, "greeting");
  expect(reception.do).toBe(what);
  if (reception.do === "close") expect(reception).toEqual({ do: "close", code: 1002, reason: "protocol_error" });
});

test.each<[string, string | undefined]>([
  ['{"type":"connect"}', undefined],
  ['{"type":"connect","payload":{"token":"abc"}}', "abc"],
  ['{"type":"connect","payload":{"token":""}}', undefined],
  ['{"type":"connect","payload":{"token":["abc"]}}', undefined],
  ['{"type":"connect","payload":["abc"]}', undefined],
])("the token of the greeting %s", (text, token) => {
  expect(receive(text, "greeting")).toEqual({ do: "enter", token });
});

const refused = (reception: Reception): Reception => ({ ...reception, do: "refuse" }) as Reception; // it has a message too

test.each<[string, unknown]>([
  ["ping", { do: "pong", bare: true, id: undefined }],
  ["pong", { do: "nothing" }],
  ['{"type":"ping","id":7}', { do: "pong", bare: false, id: 7 }],
  ['{"type":"pong"}', { do: "nothing" }],
  ['{"type":"auth","payload":{"token":"abc"},"id":7}', auth("abc", 7)],
  ['{"type":"auth"}', auth(undefined)],
  ['{"type":"say","payload":{"text":"hi"},"id":7}', refused(message("say", { text: "hi" }, 7))],
  ['{"type":"connect","payload":{"token":"abc"}}', refused(message("connect", { token: "abc" }))],
  ["", { ...bad("invalid_json"), do: "refuse" }],
  ['{"type":"auth","id":{}}', { ...bad("invalid_message", { type: "auth" }), do: "refuse" }],
])("before the credential has come: %s", (text, reception) => {
  expect(receive(text, "credential")).toEqual(reception);
});

test("no token is read from what an object inherits", () => {
  const text = '{"type":"auth","payload":{"__proto__":{"token":"abc"}}}';
  expect(receive(text, "open")).toEqual(auth(undefined));
});

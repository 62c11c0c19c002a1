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
  ['{"type":"auth","payload":{}}', message("auth")],
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
  expect(receive(text, true)).toEqual(reception);
});

test.each<[string, string]>([
  ['{"type":"connect"}', "enter"],
  ['{"type":"connect","payload":{"since":{}},"id":1}', "enter"],
  ['{"type":"ping"}', "close"],
  ["ping", "close"],
  ["pong", "close"],
  ['{"type":"say","payload":{}}', "close"],
  ['{"type":"connect","id":{}}', "close"],
  ["", "close"],
  ["[]", "close"],
])("before a client of tidings.v1 has greeted: %s", (text, what) => {
  const reception = receive(text, false);
  expect(reception.do).toBe(what);
  if (reception.do === "close") expect(reception).toEqual({ do: "close", code: 1002, reason: "protocol_error" });
});

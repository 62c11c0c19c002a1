import { expect, test } from "vitest";
import { LogRecorder } from "../../test/support/log-recorder.js";
import { logTo } from "./log.js";
import type { Happening } from "./observe.js";

const connected: Happening = { event: "connected", connection: "c1", endpoint: "/ws", user: "ana", address: "::1" };

test.each<[Happening, string, string]>([
  [connected, "info", "connected"],
  [
    {
      event: "refused",
      code: "forbidden",
      status: 403,
      closeCode: undefined,
      reason: "Admin only",
      detail: undefined,
      endpoint: "/ws",
      address: "::1",
    },
    "warn",
    "refused",
  ],
  [
    {
      event: "disconnected",
      connection: "c1",
      endpoint: "/ws",
      user: undefined,
      address: "::1",
      code: 1000,
      reason: "",
      durationMs: 7,
    },
    "info",
    "disconnected",
  ],
  [
    { event: "blocked", endpoint: "/ws", during: 'message "say"', blockedMs: 250.4, certain: true },
    "warn",
    'message "say" blocked the event loop for 250 ms',
  ],
  [
    { event: "warning", code: "weak_secret", message: "The secret is short.", fix: "Take a longer one." },
    "warn",
    "The secret is short. Take a longer one.",
  ],
  [{ event: "api_key_refused", address: "::1", times: 3 }, "warn", "a key that the API does not know"],
  [{ event: "broker_back", awayMs: 1_234.5 }, "info", "the broker is back after 1235 ms"],
  [{ event: "draining", connections: 3 }, "info", "draining"],
  [{ event: "drained", connections: 3, closeHandlers: 3, abandoned: 0, durationMs: 12 }, "info", "drained"],
])("what happened is one line with all it tells: $event", (what, level, message) => {
  const recorder = new LogRecorder();
  logTo(recorder)(what);
  expect(recorder.lines).toEqual([{ level, message, fields: what }]);
});

test("an error stands where pino looks for one", () => {
  const recorder = new LogRecorder();
  const error = new Error("broken");
  logTo(recorder)({ event: "error", error, during: 'message "say"', connection: "c1", endpoint: "/ws" });
  expect(recorder.lines).toEqual([
    {
      level: "error",
      message: 'error in message "say"',
      fields: { event: "error", during: 'message "say"', connection: "c1", endpoint: "/ws", err: error },
    },
  ]);
});

test("why the broker is away stands there too", () => {
  const recorder = new LogRecorder();
  const reason = new Error("ECONNREFUSED");
  logTo(recorder)({ event: "broker_away", reason });
  expect(recorder.lines).toEqual([
    {
      level: "warn",
      message: "the broker is away: what needs it is refused until it is back",
      fields: { event: "broker_away", err: reason },
    },
  ]);
});

import { expect, test } from "vitest";
import { nameOf, readAddress } from "./address.js";

test.each([
  ["ws://host:1/ws", "ws://host:1/ws"],
  ["wss://host/ws?a=1", "wss://host/ws?a=1"],
  ["http://host/ws", "ws://host/ws"],
  ["https://host/ws", "wss://host/ws"],
  ["HTTPS://host/ws", "wss://host/ws"],
  ["localhost:8000/ws", "ws://localhost:8000/ws"],
  ["[::1]:8000/ws", "ws://[::1]:8000/ws"],
  [":8123/ws", "ws://127.0.0.1:8123/ws"],
  ["/ws/rooms/lobby", "ws://127.0.0.1:8000/ws/rooms/lobby"],
  ["host", "ws://host/"],
])("%s is %s", (given, meant) => {
  expect(readAddress(given, {}).href).toBe(meant);
});

test.each(["", "ftp://host/", "file:///etc/passwd", "ws://", "ws://host:99999/", "ws://ho st/", "/ws#top", ":x/ws"])(
  "%j is no address",
  (given) => {
    expect(() => readAddress(given, {})).toThrow(expect.objectContaining({ code: "invalid_address" }));
  },
);

test("an address that can't be read is not repeated, and one that can is named without what may be a secret", () => {
  expect(() => readAddress("ftp://ana:hush@host/?token=hush", {})).toThrow(expect.not.stringContaining("hush"));
  expect(nameOf(readAddress("wss://ana:hush@host:1/ws?token=hush", {}))).toBe("wss://host:1/ws");
});

test.each([
  ["18433/ws", "Did you mean :18433/ws?"],
  ["8000", "Did you mean :8000?"],
  ["8000/ws?token=hush", "Did you mean :8000/ws?"],
])("of %s the colon was forgotten: as a host it would be another computer", (given, fix) => {
  expect(() => readAddress(given, {})).toThrow(expect.objectContaining({ code: "invalid_address", fix }));
});

test("a path alone is at the port of apps that are started here, and another address has its own", () => {
  const env = { TIDINGS_PORT: "9000" };
  expect(readAddress("/ws", env).href).toBe("ws://127.0.0.1:9000/ws");
  expect(readAddress("localhost:8000/ws", env).href).toBe("ws://localhost:8000/ws");
  expect(readAddress("/ws", { TIDINGS_PORT: "" }).href).toBe("ws://127.0.0.1:8000/ws");
});

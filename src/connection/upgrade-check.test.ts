import { expect, test } from "vitest";
import { RecordingUpgrade, type UpgradeOf } from "../../test/support/recording-upgrade.js";
import { checkUpgrade } from "./upgrade-check.js";

test.each<[string, UpgradeOf, string]>([
  ["another method", { method: "POST" }, "upgrade_required"],
  ["no Upgrade", { headers: { upgrade: undefined } }, "upgrade_required"],
  ["an upgrade to something else", { headers: { upgrade: "h2c" } }, "upgrade_required"],
  ["no version", { headers: { "sec-websocket-version": undefined } }, "upgrade_required"],
  ["an old version", { headers: { "sec-websocket-version": "8" } }, "upgrade_required"],
  ["no key", { headers: { "sec-websocket-key": undefined } }, "bad_request"],
  ["a short key", { headers: { "sec-websocket-key": "dGhlIHNhbXBsZQ==" } }, "bad_request"],
  ["a key without its padding", { headers: { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ" } }, "bad_request"],
  ["a long key", { headers: { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZSB0b28=" } }, "bad_request"],
  ["a key that is no base64", { headers: { "sec-websocket-key": "dGhlIHNhbXBsZSBub25j-Q==" } }, "bad_request"],
  ["HTTP/1.0", { httpVersion: "1.0" }, "bad_request"],
  ["no Host", { headers: { host: undefined } }, "bad_request"],
  ["malformed subprotocols", { headers: { "sec-websocket-protocol": "a,,b" } }, "bad_request"],
])("%s is no handshake", (_, given, code) => {
  expect(() => checkUpgrade(new RecordingUpgrade(given))).toThrow(expect.objectContaining({ code }));
});

test("a request to two hosts is no handshake", () => {
  const upgrade = new RecordingUpgrade();
  Object.defineProperty(upgrade, "rawHeaders", {
    value: ["host", "a.example", "Upgrade", "websocket", "Host", "b.example"],
  });
  expect(() => checkUpgrade(upgrade)).toThrow(expect.objectContaining({ code: "bad_request" }));
});

test("what is wrong with the request comes before what is wrong with the key", () => {
  const headers = { "sec-websocket-version": "8", "sec-websocket-key": "short" };
  expect(() => checkUpgrade(new RecordingUpgrade({ headers }))).toThrow(
    expect.objectContaining({ code: "upgrade_required" }),
  );
});

test("a handshake offers its subprotocols, in order", () => {
  const offeredBy = (headers: UpgradeOf["headers"]) => checkUpgrade(new RecordingUpgrade({ headers }));
  expect(offeredBy({})).toEqual([]);
  expect(offeredBy({ upgrade: "WebSocket" })).toEqual([]);
  expect(offeredBy({ "sec-websocket-protocol": "x, mine, tidings.v1" })).toEqual(["x", "mine", "tidings.v1"]);
});

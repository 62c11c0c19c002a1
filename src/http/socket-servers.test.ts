import { expect, test } from "vitest";
import { socketServerAt, socketsElsewhere, socketsHere } from "./socket-servers.js";

test.each([
  ["ops.example:8000", false, [{ host: "ops.example:8000", protocol: "ws" }]],
  ["ops.example", true, [{ host: "ops.example", protocol: "wss" }]],
  [undefined, true, []],
])("a page at %s on the app's own port finds the sockets where it is", (host, isSecure, expected) => {
  expect(socketsHere({ host, isSecure })).toEqual(expected);
});

test.each([
  ["localhost:9100", "http://127.0.0.1:8000", { host: "localhost:8000", protocol: "ws" }],
  ["localhost:9100", "http://[::1]:8000", { host: "localhost:8000", protocol: "ws" }],
  ["127.0.0.1:9100", "http://127.0.0.1:8000", { host: "127.0.0.1:8000", protocol: "ws" }],
  ["ops.example:9100", "http://0.0.0.0:8000", { host: "ops.example:8000", protocol: "ws" }],
  ["10.0.0.5:9100", "https://[::]:8443", { host: "10.0.0.5:8443", protocol: "wss" }],
  ["[fd00::1]:9100", "http://[::]:8000", { host: "[fd00::1]:8000", protocol: "ws" }],
  ["ops.example:9100", "http://10.1.1.1:8000", { host: "10.1.1.1:8000", protocol: "ws" }],
  ["ops.example:9100", "http://127.0.0.1:8000", { host: "127.0.0.1:8000", protocol: "ws" }],
  [undefined, "http://0.0.0.0:8000", { host: "localhost:8000", protocol: "ws" }],
])("a page at %s, apart from an app that listens at %s, finds the sockets there", (host, url, expected) => {
  const listening = { url, port: Number(new URL(url).port), host: "" };
  expect(socketsElsewhere({ host, isSecure: true }, [listening])).toEqual([expected]);
});

test.each([
  ["http://127.0.0.1:8000", { host: "127.0.0.1:8000", protocol: "ws" }],
  ["https://ops.example:443", { host: "ops.example", protocol: "wss" }],
  ["https://0.0.0.0:443", { host: "localhost:443", protocol: "wss" }],
  ["http://[::]:8000", { host: "localhost:8000", protocol: "ws" }],
])("an app that listens at %s is found there", (url, expected) => {
  expect(socketServerAt({ url, port: Number(/\d+$/.exec(url)), host: "" })).toEqual(expected);
});

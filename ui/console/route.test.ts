import { expect, test } from "vitest";
import { readRoute, writeRoute } from "./route.js";

test.each([
  ["", { endpoint: "", channel: undefined }],
  ["#/ws_rooms", { endpoint: "ws_rooms", channel: undefined }],
  [writeRoute("ws", "chat/:room"), { endpoint: "ws", channel: "chat/:room" }],
  ["#/%E0%A4%A", { endpoint: "%E0%A4%A", channel: undefined }],
  ["#/x?%", { endpoint: "x", channel: "%" }],
])("%j is an address", (hash, route) => {
  expect(readRoute(hash)).toEqual(route);
});

import { expect, test } from "vitest";
import { barePing, barePong, parseMessage } from "./index.js";

test("the bare texts are ping and pong, and no JSON", () => {
  expect([barePing, barePong]).toEqual(["ping", "pong"]);
  expect(parseMessage(barePing)).toMatchObject({ error: "invalid_json" });
  expect(parseMessage(barePong)).toMatchObject({ error: "invalid_json" });
});

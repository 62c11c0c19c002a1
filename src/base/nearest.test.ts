import { expect, test } from "vitest";
import { nearestOf } from "./nearest.js";

const known = ["auth", "use", "limits", "origins"];

test.each([
  ["auth", "auth"],
  ["Auth", "auth"],
  ["autth", "auth"],
  ["limit", "limits"],
  ["orgin", "origins"],
  ["password", undefined],
  ["", undefined],
])("of what is known %j means %j", (name, meant) => {
  expect(nearestOf(name, known)).toBe(meant);
});

test("of two that are near the nearer one is meant", () => {
  expect(nearestOf("messages", ["message", "messagesPer", "messages"])).toBe("messages");
});

test("in a long name three letters may be wrong", () => {
  const name = "TIDINGS_LIMITS_MESSAGE_SIZE";
  expect(nearestOf("TIDINGS_LIMIT_MESAGE_SIZ", [name])).toBe(name);
  expect(nearestOf("TIDING_LIMIT_MESAGE_SIZ", [name])).toBeUndefined();
});

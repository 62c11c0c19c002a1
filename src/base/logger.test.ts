import { expect, test } from "vitest";
import { silentLogger } from "./logger.js";

test("the silent logger takes a line of every level", () => {
  for (const level of ["debug", "info", "warn", "error"] as const) {
    expect(silentLogger[level]({ connection: "c1" }, "opened")).toBeUndefined();
  }
});

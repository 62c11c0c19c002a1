import { expect, test } from "vitest";
import { checkDescriptors } from "./descriptors.js";

test("more connections than a shell allows are told with what to run", () => {
  expect(() => checkDescriptors(1_000, 1_024)).toThrow(
    expect.objectContaining({
      code: "too_few_descriptors",
      message: expect.stringContaining("1000 connections need 1050 file descriptors, and this shell allows 1024."),
      fix: expect.stringContaining("`ulimit -n 1050`"),
    }),
  );
});

test("as many as it allows are tried, and any number where there is no limit", () => {
  checkDescriptors(974, 1_024);
  checkDescriptors(60_000, Number.POSITIVE_INFINITY);
});

test("what this shell allows is known", () => {
  expect(() => checkDescriptors(1e12)).toThrow(expect.objectContaining({ code: "too_few_descriptors" }));
});

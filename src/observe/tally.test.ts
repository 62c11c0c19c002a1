import { expect, test } from "vitest";
import { Tally } from "./tally.js";

test("words of the table are counted each, also those that never came", () => {
  const tally = new Tally(["forbidden", "internal"], "app");
  tally.add("forbidden");
  tally.add("forbidden");
  expect([...tally.entries()]).toEqual([
    ["forbidden", 2],
    ["internal", 0],
    ["app", 0],
  ]);
});

test("whatever else is said makes it no longer", () => {
  const tally = new Tally(["forbidden"], "app");
  for (const word of ["out_of_stock", "__proto__", "app", ""]) tally.add(word);
  expect([...tally.entries()]).toEqual([
    ["forbidden", 0],
    ["app", 4],
  ]);
});

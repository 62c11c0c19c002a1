import { expect, test } from "vitest";
import { MultiMap } from "./multi-map.js";

test("a key has its values, each once, until the last is taken out", () => {
  const map = new MultiMap<string, number>();
  const seen = () => [map.size, map.has("a"), map.count("a"), map.of("a")];
  expect(seen()).toEqual([0, false, 0, []]);
  map.add("a", 1);
  map.add("a", 1);
  expect(seen()).toEqual([1, true, 1, [1]]);
  map.add("a", 2);
  map.add("a", 2);
  map.add("a", 3);
  expect(seen()).toEqual([1, true, 3, [1, 2, 3]]);
  map.delete("a", 2);
  map.delete("a", 1);
  expect(seen()).toEqual([1, true, 1, [3]]);
  map.delete("a", 3);
  expect(seen()).toEqual([0, false, 0, []]);
});

test("a value that is not there, or of another key, is not taken out", () => {
  const map = new MultiMap<string, number>();
  map.delete("a", 1);
  map.add("a", 1);
  map.delete("a", 2);
  map.delete("b", 1);
  map.add("b", 1);
  expect([...map.keys()].map((key) => [key, map.of(key)])).toEqual([
    ["a", [1]],
    ["b", [1]],
  ]);
});

test("values can be taken out while they are gone through", () => {
  const map = new MultiMap<string, number>();
  for (const value of [1, 2, 3]) map.add("a", value);
  for (const value of map.of("a")) map.delete("a", value);
  expect(map.size).toBe(0);
});

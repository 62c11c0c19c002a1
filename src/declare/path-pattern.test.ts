import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError } from "../base/config-error.js";
import { isParamValue } from "../protocol/names.js";
import { decodePath, PathPattern } from "./path-pattern.js";

const matchPath = (source: string, path: string) => {
  const segments = decodePath(path);
  return segments && new PathPattern(source).match(segments);
};

test.each<[string, string, Record<string, string> | undefined]>([
  ["/", "/", {}],
  ["/", "/x", undefined],
  ["/ws", "/ws", {}],
  ["/ws", "/ws/", undefined],
  ["/ws", "/WS", undefined],
  ["/ws", "/w%73", {}],
  ["/ws/rooms/:room", "/ws/rooms/lobby", { room: "lobby" }],
  ["/ws/rooms/:room", "/ws/rooms", undefined],
  ["/ws/rooms/:room", "/ws/rooms/", undefined],
  ["/ws/rooms/:room", "/ws/rooms/a/b", undefined],
  ["/ws/rooms/:room", "/ws/rooms/a%2Fb", undefined],
  ["/ws/rooms/:room", "/ws/rooms/a%20b", { room: "a b" }],
  ["/ws/rooms/:room", "/ws/rooms/%E5%A4%AA%20%F0%9F%8E%89", { room: "太 🎉" }],
  ["/ws/rooms/:room", "/ws/rooms/%2525", { room: "%25" }],
  ["/ws/rooms/:room", "/ws/rooms/a+b", { room: "a+b" }],
  ["/ws/rooms/:room", "/ws/rooms/%00", undefined],
  ["/ws/rooms/:room", "/ws/rooms/..", undefined],
  ["/ws/rooms/:room", "/ws/rooms/%2e%2E", undefined],
  ["/ws/rooms/:room", "/ws/rooms/%", undefined],
  ["/ws/rooms/:room", "/ws/rooms/%E5%A4", undefined],
  ["/ws/rooms/:room", `/ws/rooms/${"x".repeat(128)}`, { room: "x".repeat(128) }],
  ["/ws/rooms/:room", `/ws/rooms/${"x".repeat(129)}`, undefined],
  ["/:a/x/:b", "/1/x/2", { a: "1", b: "2" }],
  ["/:a/x/:b", "/1/y/2", undefined],
  ["/é", "/%C3%A9", {}],
])("%s and the path %s", (source, path, params) => {
  expect(matchPath(source, path)).toEqual(params);
});

test.each([
  ["/a/b", ["", "a", "b"]],
  ["/a%2520b/c", ["", "a%20b", "c"]],
  ["/a%2fb", undefined],
  ["/%zz", undefined],
  ["/%ff", undefined],
  ["", [""]],
])("the segments of the path %s", (path, segments) => {
  expect(decodePath(path)).toEqual(segments);
});

test.each([
  "",
  "//",
  "/ws/",
  "/ws//rooms",
  "a//b",
  "/.",
  "/ws/../x",
  "/:",
  "/:1",
  "/:a-b",
  "/:__proto__",
  "/:room.json",
  "/:a/:a",
  "/a\u0000",
  `/${"x".repeat(129)}`,
])("%j is no pattern", (source) => {
  expect(() => new PathPattern(source)).toThrow(ConfigError);
  expect(() => new PathPattern(source)).toThrow(expect.objectContaining({ code: "invalid_pattern" }));
});

test("a pattern knows its params and how many segments it has", () => {
  const pattern = new PathPattern("chat/:room/:_by2");
  expect(pattern).toMatchObject({ source: "chat/:room/:_by2", paramNames: ["room", "_by2"], segmentCount: 3 });
  expect(pattern.fill({ room: "lobby", _by2: "ana", more: "x" })).toBe("chat/lobby/ana");
});

const value = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter(isParamValue);

test("what a pattern is filled with, it matches again", () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      const pattern = new PathPattern("/x/:a/y/:b");
      expect(pattern.match(pattern.fill({ a, b }).split("/"))).toEqual({ a, b });
      const path = `/x/${encodeURIComponent(a)}/y/${encodeURIComponent(b)}`;
      expect(pattern.match(decodePath(path) ?? [])).toEqual({ a, b });
    }),
  );
});

const words = ["a", "b"];
const segment = fc.constantFrom(...words, ":");
const patternOf = (segments: readonly string[], lead: string) =>
  new PathPattern(lead + segments.map((each, index) => (each === ":" ? `:p${index}` : each)).join("/"));
/** With a slash in front, where it may be nothing more, or without. */
const anyPattern = fc.oneof(
  fc.array(segment, { maxLength: 3 }).map((segments) => patternOf(segments, "/")),
  fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => patternOf(segments, "")),
);

/** Every name of up to four segments, of which one is no word of any pattern and one is empty. */
const names = [...namesOf(1), ...namesOf(2), ...namesOf(3), ...namesOf(4)];

function namesOf(count: number): string[][] {
  if (count === 0) return [[]];
  return namesOf(count - 1).flatMap((name) => [...words, "other", ""].map((word) => [...name, word]));
}

test("two patterns overlap exactly where there is a name that both match", () => {
  fc.assert(
    fc.property(anyPattern, anyPattern, (one, other) => {
      const common = names.find((name) => one.match(name) !== undefined && other.match(name) !== undefined);
      expect([one.source, other.source, one.overlaps(other)]).toEqual([one.source, other.source, common !== undefined]);
      expect(other.overlaps(one)).toBe(one.overlaps(other));
    }),
    { numRuns: 2_000 },
  );
});

test("the root and a path of one param have no name in common", () => {
  expect(new PathPattern("/").overlaps(new PathPattern("/:room"))).toBe(false);
  expect(new PathPattern("/:room").overlaps(new PathPattern("/"))).toBe(false);
});

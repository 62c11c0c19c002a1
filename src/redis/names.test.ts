import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Names, slotOf, USER_PARTS } from "./names.js";

test.each([
  // The Redis Cluster specification, "Appendix A": CRC16 of "123456789" is 0x31C3.
  ["123456789", 0x31c3],
  // As `CLUSTER KEYSLOT` of Redis 7.0 says.
  ["", 0],
  ["foo", 12_182],
  ["bar", 5_061],
  ["{user1000}.following", 3_443],
  ["{user1000}.followers", 3_443],
  ["user1000", 3_443],
])("%j is in slot %d", (key, slot) => {
  expect(slotOf(key)).toBe(slot);
});

test.each([
  ["foo{}{bar}", "another than its second braces", "bar", false],
  ["foo{{bar}}zap", "that of its first braces, from the first", "{bar", true],
  ["foo{bar}{zap}", "that of its first braces", "bar", true],
  ["foo{bar", "another than what is not closed", "bar", false],
  ["foo}bar{zap}", "that of what is closed behind it", "zap", true],
])("the slot of %j is %s", (key, _, other, isSame) => {
  expect(slotOf(key) === slotOf(other)).toBe(isSame);
});

const names = new Names("tidings", 0);

const channels = [
  "chat/a",
  "chat/a}",
  "chat/{a}",
  "chat/%7Ba%7D",
  "{chat}/a",
  "}{",
  "%",
  "%25",
  "%7B",
  "$processes",
  "chat/a:events",
  "chat/Zürich — 太 🎉/$:%2F*",
  "chat/\u00e1",
  "chat/a\u0301",
  "__proto__",
  "x".repeat(255),
  "é".repeat(127),
];

test("channels of any name have keys of their own, all in the slot of the channel", () => {
  const places = channels.map((channel) => names.channel(channel));
  expect(new Set(places.map(({ key }) => key)).size).toBe(channels.length);
  for (const { key } of places) {
    expect(key).toMatch(/^tidings:\{[^{}]+\}$/);
    for (const part of [":events", ":subjects", ":key:{other}", ":key:}{"])
      expect(slotOf(key + part)).toBe(slotOf(key));
  }
});

test("two channels never have the same key", () => {
  const name = fc.string({
    minLength: 1,
    maxLength: 6,
    unit: fc.constantFrom("%", "{", "}", "2", "5", "7", "B", "D", "a", "é"),
  });
  const property = fc.property(name, name, (one, other) => {
    expect(names.channel(one).key === names.channel(other).key).toBe(one === other);
  });
  fc.assert(property, { numRuns: 5_000 });
});

test("a channel's topic is its key, and names the database where it is not the first", () => {
  const { key, topic } = new Names("tidings", 3).channel("chat/a");
  expect([key, topic]).toEqual(["tidings:{chat/a}", "tidings:{chat/a}@3"]);
  expect(names.channel("chat/a").topic).toBe("tidings:{chat/a}");
  expect(names.processes.topic).toBe("tidings:{$processes}");
});

test("another prefix is another key and another topic", () => {
  const other = new Names("tidings:2", 0);
  expect(other.channel("chat/a").key).not.toBe(names.channel("chat/a").key);
  expect(other.user("ana")).toMatch(/^tidings:2:/);
  expect(other.processes.topic).not.toBe(names.processes.topic);
});

const users = ["ana", "Ana", "a", "a:b", "太 郎", "__proto__", "", "{ana}", "ana}", "ana:rate:x", "x".repeat(255)];

test("users of any name have keys of their own, in the slot of their part's users", () => {
  const keys = users.flatMap((user) => [names.user(user), names.rate(user, "x"), names.rate(user, '["x"]')]);
  expect(new Set(keys).size).toBe(keys.length);
  for (const user of users) {
    const part = names.partOfUser(user);
    expect(part).toBeLessThan(USER_PARTS);
    for (const key of [names.user(user), names.rate(user, "x")]) expect(slotOf(key)).toBe(slotOf(names.users(part)));
  }
});

test("one user's rate is no other user's, and no user", () => {
  const text = fc.string({ maxLength: 8, unit: fc.constantFrom(":", "rate", "of", "a", '"', ",", "[", "]", "\\") });
  const property = fc.property(text, text, text, text, (user, counted, other, otherCounted) => {
    const isSame = user === other && counted === otherCounted;
    expect(names.rate(user, counted) === names.rate(other, otherCounted)).toBe(isSame);
    expect(names.rate(user, counted)).not.toBe(names.user(other));
  });
  fc.assert(property, { numRuns: 5_000 });
});

test("users are spread over all parts", () => {
  const parts = new Set(Array.from({ length: 1_000 }, (_, n) => names.partOfUser(`user-${n}`)));
  expect(parts.size).toBe(USER_PARTS);
});

import { expect, test } from "vitest";
import { randomId } from "./system.js";

test("an id is 128 bits in base64url, and none comes twice", () => {
  const ids = Array.from({ length: 10_000 }, randomId);
  for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
  expect(new Set(ids).size).toBe(ids.length);
  // Each bit is set in about half of them: a pool that is not filled would show.
  const bits = Array.from({ length: 128 }, () => 0);
  for (const id of ids) {
    const bytes = Buffer.from(id, "base64url");
    for (let bit = 0; bit < 128; bit += 1)
      if (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) bits[bit] = (bits[bit] ?? 0) + 1;
  }
  for (const count of bits) expect(Math.abs(count - 5_000)).toBeLessThan(500);
});

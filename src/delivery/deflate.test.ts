import { constants, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COMPRESSION_THRESHOLD, deflateFrame } from "./deflate.js";

/** What a frame says (RFC 6455 §5.2), with the payload that its length announces. */
function readFrame(frame: Buffer) {
  const short = frame.readUInt8(1);
  const header = short === 126 ? 4 : short === 127 ? 10 : 2;
  const length = short === 126 ? frame.readUInt16BE(2) : short === 127 ? Number(frame.readBigUInt64BE(2)) : short;
  expect(frame).toHaveLength(header + length);
  return { first: frame.readUInt8(0), header, length, payload: frame.subarray(header) };
}

/** As a receiver inflates it (RFC 7692 §7.2.2). */
function inflate(payload: Uint8Array): string {
  const whole = Buffer.concat([payload, Buffer.of(0x00, 0x00, 0xff, 0xff)]);
  return inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
}

/** A text that deflates badly. */
function noise(length: number): string {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = 33 + ((state >>> 8) % 90);
  }
  return bytes.toString();
}

const json = JSON.stringify({ items: Array.from({ length: 60 }, (_, id) => ({ id, text: `item ${id}` })) });

describe("a deflated frame", () => {
  test("is a final, compressed text, shorter than the text, and inflates to it", () => {
    const { first, length, payload } = readFrame(deflateFrame(Buffer.from(json)));
    expect(first).toBe(0b1100_0001);
    expect(length).toBeLessThan(json.length / 3);
    expect(inflate(payload)).toBe(json);
  });

  test("is the example of RFC 7692 §7.2.3.1", () => {
    expect(deflateFrame(Buffer.from("Hello"))).toEqual(Buffer.of(0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00));
  });

  test("of nothing is the one byte of RFC 7692 §7.2.3.6", () => {
    expect(deflateFrame(Buffer.alloc(0))).toEqual(Buffer.of(0xc1, 0x01, 0x00));
  });

  test("says its length in 7, 16 or 64 bits", () => {
    expect(readFrame(deflateFrame(Buffer.from("x".repeat(2_000)))).header).toBe(2);
    expect(readFrame(deflateFrame(Buffer.from(noise(2_000)))).header).toBe(4);
    const long = noise(90_000);
    const { header, payload } = readFrame(deflateFrame(Buffer.from(long)));
    expect(header).toBe(10);
    expect(inflate(payload)).toBe(long);
  });

  test("has no bytes of the flush marker at its end", () => {
    for (const text of [json, noise(20_000), "x".repeat(70_000)]) {
      expect(deflateFrame(Buffer.from(text)).subarray(-4)).not.toEqual(Buffer.of(0x00, 0x00, 0xff, 0xff));
    }
  });

  test("needs nothing that was deflated before it", () => {
    const first = deflateFrame(Buffer.from(json));
    expect(deflateFrame(Buffer.from(json))).toEqual(first);
  });

  test("leaves the text as it was, and keeps none of it", () => {
    const text = Buffer.from(json);
    const frame = deflateFrame(text);
    expect(text.toString()).toBe(json);
    text.fill(0);
    expect(inflate(readFrame(frame).payload)).toBe(json);
  });

  test("inflates to its text, whatever that is", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.string({ unit: "grapheme", minLength: 20, maxLength: 200 }),
      fc.nat({ max: 20_000 }).map(noise),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const wellFormed = Buffer.from(text).toString();
        expect(inflate(readFrame(deflateFrame(Buffer.from(text))).payload)).toBe(wellFormed);
      }),
    );
  });
});

test("what is shorter than 1 KiB is not worth it", () => {
  expect(COMPRESSION_THRESHOLD).toBe(1_024);
});

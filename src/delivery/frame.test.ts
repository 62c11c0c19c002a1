import { expect, test } from "vitest";
import { encodeBinaryFrame, encodePingFrame, encodePongFrame, encodeTextFrame } from "./frame.js";

// RFC 6455 §5.2: FIN, opcode, no mask, then 7 bits of length, or 126 and 2 bytes, or 127 and 8 bytes, most significant first.
const headers = [
  [0, "00"],
  [1, "01"],
  [125, "7d"],
  [126, "7e 00 7e"],
  [255, "7e 00 ff"],
  [256, "7e 01 00"],
  [65_535, "7e ff ff"],
  [65_536, "7f 00 00 00 00 00 01 00 00"],
  [16_909_060, "7f 00 00 00 00 01 02 03 04"],
] as const;

test.each(headers)("the header of %i bytes", (length, header) => {
  const bytes = hex(header);
  for (const [opcode, frame] of [
    [0x81, encodeTextFrame("x".repeat(length))],
    [0x82, encodeBinaryFrame(new Uint8Array(length))],
  ] as const) {
    expect(frame.length).toBe(1 + bytes.length + length);
    expect(frame.subarray(0, 1 + bytes.length).toString("hex")).toBe(opcode.toString(16) + bytes.toString("hex"));
  }
});

test("the examples of RFC 6455 §5.7", () => {
  expect(encodeTextFrame("Hello")).toEqual(hex("81 05 48 65 6c 6c 6f"));
  expect(encodeBinaryFrame(new Uint8Array(256)).subarray(0, 4)).toEqual(hex("82 7e 01 00"));
  expect(encodeBinaryFrame(new Uint8Array(65_536)).subarray(0, 10)).toEqual(hex("82 7f 00 00 00 00 00 01 00 00"));
});

test("a length counts bytes and not characters", () => {
  expect(encodeTextFrame("é€🎉")).toEqual(hex("81 09 c3 a9 e2 82 ac f0 9f 8e 89"));
  expect(encodeTextFrame("€".repeat(42)).subarray(0, 4)).toEqual(hex("81 7e 00 7e"));
});

test("half a surrogate pair is U+FFFD, so that the frame is UTF-8", () => {
  expect(encodeTextFrame("a\ud800")).toEqual(hex("81 04 61 ef bf bd"));
});

test("the bytes are copied: what is done with them later changes no frame", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4).subarray(1, 3);
  const frame = encodeBinaryFrame(bytes);
  bytes.fill(9);
  expect(frame).toEqual(hex("82 02 02 03"));
});

test("a ping has no data, and a pong that of its ping (RFC 6455 §5.5)", () => {
  expect(encodePingFrame()).toEqual(hex("89 00"));
  expect(encodePongFrame(Buffer.from("Hello"))).toEqual(hex("8a 05 48 65 6c 6c 6f"));
  expect(encodePongFrame(new Uint8Array())).toEqual(hex("8a 00"));
  expect(encodePongFrame(new Uint8Array(125)).subarray(0, 2)).toEqual(hex("8a 7d"));
});

test("a pong's data is copied, and of a part of a buffer only that part", () => {
  const data = Uint8Array.of(1, 2, 3, 4).subarray(1, 3);
  const frame = encodePongFrame(data);
  data.fill(9);
  expect(frame).toEqual(hex("8a 02 02 03"));
});

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

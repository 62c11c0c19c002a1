import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { frame, opcodes } from "./client-frame.js";
import { deflated } from "./deflated-message.js";
import { far32k } from "./far-text.js";
import { type Agreed, type Arrival, FrameReader, Violation } from "./frame-reader.js";
import { checkAccepted, parseHead } from "./handshake.js";
import { hex } from "./hex.js";

const agreed: Agreed = {
  serverTakesContextOver: false,
  clientMayTakeContextOver: false,
  serverWindowBits: 15,
  clientWindowBits: 15,
};

test.each([
  ["a masked frame", "81 85 37fa213d 7f9f4d5158"],
  ["RSV1 that was not agreed on", "c1 07 f248cdc9c90700"],
  ["RSV2", "a1 01 61"],
  ["RSV3", "91 01 61"],
  ["an opcode of data that nobody knows", "83 01 61"],
  ["an opcode of control that nobody knows", "8b 00"],
  ["a length of 16 bits for 125", `81 7e 007d ${"61".repeat(125)}`],
  ["a length of 64 bits for 65,535", `81 7f 000000000000ffff ${"61".repeat(65_535)}`],
  ["a length with its highest bit set", "81 7f 8000000000000000"],
  ["a ping in fragments", "09 01 61"],
  ["a ping of 126 bytes", `89 7e 007e ${"61".repeat(126)}`],
  ["a continuation of nothing", "80 01 61"],
  ["a message inside another", "01 01 61 81 01 62"],
  ["a text that is not UTF-8", "81 02 c328"],
  ["a text that is not UTF-8, in fragments", "01 01 e2 80 01 28"],
  ["a close frame of one byte", "88 01 03"],
  ["the close code 1005", "88 02 03ed"],
  ["the close code 1006", "88 02 03ee"],
  ["the close code 1015", "88 02 03f7"],
  ["the close code 999", "88 02 03e7"],
  ["the close code 2000", "88 02 07d0"],
  ["the close code 5000", "88 02 1388"],
  ["a reason that is not UTF-8", "88 04 03e8 c328"],
  ["a text behind the close frame", "88 00 81 01 61"],
  ["a second close frame", "88 00 88 00"],
])("the reader bears not %s", (_, bytes) => {
  expect(() => readAll(bytes)).toThrow(Violation);
});

test.each([
  ["RSV1 on a ping", "c9 00"],
  ["RSV1 on a close frame", "c8 00"],
  ["RSV1 on a second fragment", "41 03 f248cd c0 04 c9c90700"],
  ["the tail left in its place", "c1 0b f248cdc9c907000000ffff"],
  ["what can't be inflated", "c1 02 ffff"],
  ["a reference to a message before", "c1 07 f248cdc9c90700 c1 05 f200110000"],
])("the reader bears not %s, where permessage-deflate was agreed on", (_, bytes) => {
  expect(() => readAll(bytes, agreed)).toThrow(Violation);
});

test("the reader bears no window longer than was agreed on", () => {
  const far = frame(opcodes.text, deflated(far32k()), { rsv: 0b100, key: undefined });
  expect(readAll(far.toString("hex"), agreed)).toHaveLength(1);
  expect(() => readAll(far.toString("hex"), { ...agreed, serverWindowBits: 14 })).toThrow(Violation);
});

test("the reader bears no end in the middle of a frame", () => {
  const reader = new FrameReader();
  reader.push(hex("81 05 48 65"));
  expect(() => reader.end()).toThrow(Violation);
});

test("the reader understands the RFCs' own examples, in one piece and byte by byte", () => {
  const sent = "81 05 48656c6c6f 01 03 48656c 89 05 48656c6c6f 80 02 6c6f 82 7e 0100".concat(
    "00".repeat(256),
    "88 02 03e8",
  );
  const heard = ["text Hello", "ping Hello", "text Hello", "binary 256", "close 2"];
  expect(readAll(sent).map(describeArrival)).toEqual(heard);
  const reader = new FrameReader();
  expect([...hex(sent)].flatMap((byte) => reader.push(Buffer.of(byte))).map(describeArrival)).toEqual(heard);
  const inflated = readAll("c1 07 f248cdc9c90700 c1 08 f348cdc9c9070000 c1 0b 000500faff48656c6c6f00", agreed);
  expect(inflated.map(describeArrival)).toEqual(["text Hello", "text Hello", "text Hello"]);
  const takesOver = { ...agreed, serverTakesContextOver: true };
  expect(readAll("c1 07 f248cdc9c90700 c1 05 f200110000", takesOver).map(describeArrival)).toEqual([
    "text Hello",
    "text Hello",
  ]);
});

test("the reader goes on behind a block with BFINAL set", () => {
  const payload = Buffer.concat([deflateRawSync("Hel"), deflated("lo")]);
  const [arrival] = new FrameReader(agreed).push(frame(opcodes.text, payload, { rsv: 0b100, key: undefined }));
  expect(arrival?.payload.toString()).toBe("Hello");
});

const accepted = [
  "HTTP/1.1 101 Switching Protocols",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Accept: C/0nmHhBztSRGR1CwL6Tf4ZjwpY=",
];

test.each([
  ["another key's proof", 3, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
  ["no Upgrade", 1, "X: y"],
  ["no Connection", 2, "Connection: close"],
  ["an extension nobody asked for", 4, "Sec-WebSocket-Extensions: permessage-deflate"],
  ["a subprotocol nobody asked for", 4, "Sec-WebSocket-Protocol: chat"],
])("a client believes no 101 with %s", (_, line, instead) => {
  const key = "AQIDBAUGBwgJCgsMDQ4PEA==";
  expect(checkAccepted(parseHead(accepted.join("\r\n")), {}, key)).toBeUndefined();
  const spoilt = accepted.toSpliced(line, 1, instead).join("\r\n");
  expect(() => checkAccepted(parseHead(spoilt), {}, key)).toThrow(Violation);
});

function readAll(bytes: string, extension?: Agreed): Arrival[] {
  return new FrameReader(extension).push(hex(bytes));
}

function describeArrival({ kind, payload }: Arrival): string {
  return `${kind} ${kind === "binary" || kind === "close" ? payload.length : payload.toString()}`;
}

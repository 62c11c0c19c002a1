/** An unmasked, unfragmented WebSocket frame, header included (RFC 6455 §5.2), ready for any socket. */
export type Frame = Buffer;

export function encodeTextFrame(text: string): Frame {
  const length = Buffer.byteLength(text);
  const headerLength = headerLengthFor(length);
  const frame = Buffer.allocUnsafe(headerLength + length);
  writeHeader(frame, OPCODE_TEXT, length);
  frame.write(text, headerLength, length, "utf8");
  return frame;
}

export function encodeBinaryFrame(bytes: Uint8Array): Frame {
  const headerLength = headerLengthFor(bytes.byteLength);
  const frame = Buffer.allocUnsafe(headerLength + bytes.byteLength);
  writeHeader(frame, OPCODE_BINARY, bytes.byteLength);
  frame.set(bytes, headerLength);
  return frame;
}

const FINAL = 0x80;
const OPCODE_TEXT = 0x1;
const OPCODE_BINARY = 0x2;
/** Lengths up to this stand in the second byte; 126 and 127 there announce 2 and 8 bytes of length. */
const SHORT_LENGTH = 125;
const MEDIUM_LENGTH = 0xffff;

function headerLengthFor(length: number): number {
  if (length <= SHORT_LENGTH) return 2;
  return length <= MEDIUM_LENGTH ? 4 : 10;
}

function writeHeader(frame: Buffer, opcode: number, length: number): void {
  frame[0] = FINAL | opcode;
  if (length <= SHORT_LENGTH) {
    frame[1] = length;
  } else if (length <= MEDIUM_LENGTH) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    frame.writeUInt32BE(length >>> 0, 6);
  }
}

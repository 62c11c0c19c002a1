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
  return encodeFrame(OPCODE_BINARY, bytes);
}

/** A frame whose payload is a deflated text (RFC 7692 §6). */
export function encodeDeflatedFrame(deflated: Uint8Array): Frame {
  return encodeFrame(COMPRESSED | OPCODE_TEXT, deflated);
}

/** What stands behind a frame's header, where it is a text. */
export function textBytesOf(frame: Frame): Uint8Array | undefined {
  if (frame[0] !== (FINAL | OPCODE_TEXT)) return undefined;
  const short = frame[1] ?? 0;
  return frame.subarray(short <= SHORT_LENGTH ? 2 : short === 126 ? 4 : 10);
}

/** A ping frame without data, the same for all (RFC 6455 §5.5.2). */
export function encodePingFrame(): Frame {
  return Buffer.from([FINAL | OPCODE_PING, 0]);
}

/** The answer to a ping frame: the same data (RFC 6455 §5.5.3). */
export function encodePongFrame(data: Uint8Array): Frame {
  return Buffer.concat([Buffer.from([FINAL | OPCODE_PONG, data.byteLength]), data]);
}

function encodeFrame(opcode: number, payload: Uint8Array): Frame {
  const headerLength = headerLengthFor(payload.byteLength);
  const frame = Buffer.allocUnsafe(headerLength + payload.byteLength);
  writeHeader(frame, opcode, payload.byteLength);
  frame.set(payload, headerLength);
  return frame;
}

const FINAL = 0x80;
/** RSV1 (RFC 7692 §6). */
const COMPRESSED = 0x40;
const OPCODE_TEXT = 0x1;
const OPCODE_BINARY = 0x2;
const OPCODE_PING = 0x9;
const OPCODE_PONG = 0xa;
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

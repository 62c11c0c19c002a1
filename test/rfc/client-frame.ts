import { hex } from "./hex.js";

/** RFC 6455 §5.2. */
export const opcodes = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

export interface FrameShape {
  fin?: boolean | undefined;
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  rsv?: number | undefined;
  /** The masking key, in hex; `undefined` leaves the frame unmasked. */
  key?: string | undefined;
  /** How many bits the length is written in. By default as few as can be. */
  lengthBits?: 7 | 16 | 64 | undefined;
  /** What is written for the length, where that is not how long the payload is. */
  length?: bigint | undefined;
}

const defaults = { fin: true, rsv: 0, key: "37fa213d", lengthBits: undefined, length: undefined } satisfies FrameShape;

/** One frame of a client, well-formed or, where the shape says so, not. */
export function frame(opcode: number, payload: Buffer | string = "", shape: FrameShape = {}): Buffer {
  const { fin, rsv, key, lengthBits, length } = { ...defaults, ...shape };
  const bytes = Buffer.from(payload);
  const mask = key === undefined ? undefined : hex(key);
  const first = (fin ? 0x80 : 0) | ((rsv ?? 0) << 4) | opcode;
  const [short, ...long] = lengthOf(length ?? BigInt(bytes.length), lengthBits);
  const header = Buffer.from([first, (mask ? 0x80 : 0) | (short ?? 0), ...long, ...(mask ?? [])]);
  return Buffer.concat([header, mask ? masked(bytes, mask) : bytes]);
}

/** A message in as many frames as there are parts. */
export function fragments(opcode: number, parts: readonly (Buffer | string)[], shape: FrameShape = {}): Buffer[] {
  return parts.map((part, at) =>
    frame(at === 0 ? opcode : opcodes.continuation, part, {
      ...shape,
      fin: at === parts.length - 1,
      rsv: at === 0 ? shape.rsv : 0,
    }),
  );
}

/** A close frame with this code and reason. */
export function closeFrame(code: number, reason: Buffer | string = ""): Buffer {
  return frame(opcodes.close, Buffer.concat([codeBytes(code), Buffer.from(reason)]));
}

export function codeBytes(code: number): Buffer {
  return Buffer.from([code >> 8, code & 0xff]);
}

function lengthOf(length: bigint, bits: FrameShape["lengthBits"]): number[] {
  const width = bits ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64);
  if (width === 7) return [Number(length)];
  const digits = length.toString(16).padStart(width / 4, "0");
  return [width === 16 ? 126 : 127, ...hex(digits)];
}

function masked(bytes: Buffer, key: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, at) => byte ^ (key[at % 4] ?? 0)));
}

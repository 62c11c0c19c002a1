import { constants, type Inflate, inflateRawSync } from "node:zlib";
import { opcodes } from "./client-frame.js";
import { hex } from "./hex.js";

/** What a client is sent: a whole message, or a control frame. */
export interface Arrival {
  readonly kind: "text" | "binary" | "close" | "ping" | "pong";
  /** Inflated, where it came deflated. */
  readonly payload: Buffer;
  /** The payload's bytes of each frame it came in, as they were sent. */
  readonly frames: readonly Buffer[];
  readonly isDeflated: boolean;
}

/** What permessage-deflate was agreed on (RFC 7692 §7.1). */
export interface Agreed {
  readonly serverTakesContextOver: boolean;
  readonly clientMayTakeContextOver: boolean;
  readonly serverWindowBits: number;
  readonly clientWindowBits: number;
}

/** The server broke a rule of the RFCs. */
export class Violation extends Error {
  constructor(rule: string) {
    super(`the server broke ${rule}`);
  }
}

interface Frame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly payload: Buffer;
}

interface Message {
  readonly kind: "text" | "binary";
  readonly isDeflated: boolean;
  readonly frames: Buffer[];
}

const tail = hex("00 00 ff ff");
const longestWindow = 32_768;

/** Reads what a server sends as strictly as RFC 6455 and RFC 7692 let a client: what is not allowed throws. */
export class FrameReader {
  readonly #agreed: Agreed | undefined;
  #unread = Buffer.alloc(0);
  #message: Message | undefined;
  #window = Buffer.alloc(0);
  #hasClosed = false;

  constructor(agreed?: Agreed | undefined) {
    this.#agreed = agreed;
  }

  push(bytes: Buffer): Arrival[] {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    const arrivals: Arrival[] = [];
    while (this.#unread.length > 0) {
      require(!this.#hasClosed, "RFC 6455 §5.5.1: it sent something after its close frame");
      const read = readFrame(this.#unread);
      if (!read) break;
      this.#unread = this.#unread.subarray(read.size);
      const arrival = this.#take(read.frame);
      if (arrival) arrivals.push(arrival);
    }
    return arrivals;
  }

  /** TCP has ended: nothing may be half said. */
  end(): void {
    require(this.#unread.length === 0, "RFC 6455 §5.2: it ended in the middle of a frame");
  }

  #take(frame: Frame): Arrival | undefined {
    require((frame.rsv & 0b011) === 0, "RFC 6455 §5.2: RSV2 or RSV3 is set");
    require(frame.rsv === 0 || this.#agreed !== undefined, "RFC 6455 §5.2: RSV1 is set, which nothing gives a meaning");
    return frame.opcode >= 0x8 ? this.#takeControl(frame) : this.#takeData(frame);
  }

  #takeControl({ fin, rsv, opcode, payload }: Frame): Arrival {
    const kind = controlKinds.get(opcode);
    require(kind !== undefined, "RFC 6455 §5.2: an opcode nobody knows");
    require(fin, "RFC 6455 §5.5: a control frame in fragments");
    require(rsv === 0, "RFC 7692 §6: RSV1 on a control frame");
    require(payload.length <= 125, "RFC 6455 §5.5: a control frame of more than 125 bytes");
    if (kind === "close") {
      checkCloseBody(payload);
      this.#hasClosed = true;
    }
    return { kind, payload, frames: [payload], isDeflated: false };
  }

  #takeData({ fin, rsv, opcode, payload }: Frame): Arrival | undefined {
    if (opcode === opcodes.continuation) {
      require(this.#message !== undefined, "RFC 6455 §5.4: a continuation of nothing");
      require(rsv === 0, "RFC 7692 §6: RSV1 on a fragment that is not the first");
    } else {
      const kind = dataKinds.get(opcode);
      require(kind !== undefined, "RFC 6455 §5.2: an opcode nobody knows");
      require(this.#message === undefined, "RFC 6455 §5.4: a message inside another");
      this.#message = { kind, isDeflated: rsv === 0b100, frames: [] };
    }
    const message = this.#message;
    message.frames.push(payload);
    if (!fin) return undefined;
    this.#message = undefined;
    return this.#finish(message);
  }

  #finish({ kind, isDeflated, frames }: Message): Arrival {
    const sent = Buffer.concat(frames);
    const payload = isDeflated ? this.#inflate(sent) : sent;
    if (kind === "text") require(isUtf8(payload), "RFC 6455 §5.6: a text that is not UTF-8");
    return { kind, payload, frames, isDeflated };
  }

  #inflate(sent: Buffer): Buffer {
    const { serverTakesContextOver, serverWindowBits } = this.#agreed ?? notAgreed();
    require(!sent.subarray(-4).equals(tail), "RFC 7692 §7.2.1: the four octets of the tail are still there");
    const inflated = inflate(Buffer.concat([sent, tail]), this.#window, serverWindowBits);
    if (serverTakesContextOver) this.#window = Buffer.concat([this.#window, inflated]).subarray(-longestWindow);
    return inflated;
  }
}

const dataKinds = new Map<number, "text" | "binary">([
  [opcodes.text, "text"],
  [opcodes.binary, "binary"],
]);
const controlKinds = new Map<number, "close" | "ping" | "pong">([
  [opcodes.close, "close"],
  [opcodes.ping, "ping"],
  [opcodes.pong, "pong"],
]);

function readFrame(bytes: Buffer): { frame: Frame; size: number } | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  require((second & 0x80) === 0, "RFC 6455 §5.1: a masked frame");
  const extended = { 126: 2, 127: 8 }[second] ?? 0;
  const start = 2 + extended;
  if (bytes.length < start) return undefined;
  const length = extended === 0 ? BigInt(second) : BigInt(`0x${bytes.subarray(2, start).toString("hex")}`);
  require(length < 2n ** 63n, "RFC 6455 §5.2: a length with its highest bit set");
  const isMinimal = extended === 0 || length > (extended === 2 ? 125n : 65_535n);
  require(isMinimal, "RFC 6455 §5.2: a length in more bytes than it needs");
  const size = start + Number(length);
  if (bytes.length < size) return undefined;
  const payload = bytes.subarray(start, size);
  return { frame: { fin: first >= 0x80, rsv: (first >> 4) & 0b111, opcode: first & 0xf, payload }, size };
}

/** RFC 6455 §7.4 and the codes registered since. 1010 comes only as the answer to a client's. */
function checkCloseBody(body: Buffer): void {
  if (body.length === 0) return;
  require(body.length >= 2, "RFC 6455 §5.5.1: a close frame of one byte");
  const code = body.readUInt16BE();
  const isDefined = (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || isOfApps(code);
  require(isDefined, `RFC 6455 §7.4: the close code ${code}, which no server may send`);
  require(isUtf8(body.subarray(2)), "RFC 6455 §5.5.1: a reason that is not UTF-8");
}

function isOfApps(code: number): boolean {
  return code >= 3000 && code <= 4999;
}

/** Stream after stream: behind a block with BFINAL set begins another (RFC 7692 §7.2.3.4). */
function inflate(deflated: Buffer, window: Buffer, windowBits: number): Buffer {
  const { buffer, engine } = inflateStream(deflated, window, windowBits);
  const rest = deflated.subarray(engine.bytesWritten);
  if (rest.length === 0) return buffer;
  return Buffer.concat([buffer, inflate(rest, Buffer.concat([window, buffer]).subarray(-longestWindow), windowBits)]);
}

function inflateStream(deflated: Buffer, dictionary: Buffer, windowBits: number): { buffer: Buffer; engine: Inflate } {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, windowBits, info: true };
  try {
    const inflated: unknown = inflateRawSync(deflated, dictionary.length > 0 ? { ...options, dictionary } : options);
    // Sound: with `info` zlib gives the engine beside the bytes, which its types leave out.
    return inflated as { buffer: Buffer; engine: Inflate };
  } catch (cause) {
    throw Object.assign(new Violation("RFC 7692 §7.2.1: what can't be inflated"), { cause });
  }
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function notAgreed(): never {
  throw new Violation("RFC 7692 §6: a deflated message, which was not agreed on");
}

function require(isKept: boolean, rule: string): asserts isKept {
  if (!isKept) throw new Violation(rule);
}

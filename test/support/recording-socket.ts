import { constants, inflateRawSync } from "node:zlib";
import type { Socket } from "../../src/transport/transport.js";

/** Keeps what is written to it. It takes everything, or nothing while `isStuck`. */
export class RecordingSocket implements Socket {
  readonly writes: Uint8Array[] = [];
  /** What else was asked of it, such as `close 4000 bye`. */
  readonly asked: string[] = [];
  isStuck = false;
  isCompressing = false;
  bufferedBytes = 0;
  readonly #afterTaken: (() => void)[] = [];
  #hasEnded = false;

  write(frames: Uint8Array): void {
    this.writes.push(frames);
    if (this.isStuck) this.bufferedBytes += frames.byteLength;
  }

  afterTaken(run: () => void): void {
    this.#afterTaken.push(run);
    if (!this.isStuck) this.#callAfterTaken();
  }

  close(code: number, reason: string): void {
    this.asked.push(`close ${code} ${reason}`.trimEnd());
  }

  terminate(): void {
    this.asked.push("terminate");
    this.#hasEnded = true;
  }

  pause(): void {
    this.asked.push("pause");
  }

  resume(): void {
    this.asked.push("resume");
  }

  /** Its network takes all that was written. */
  drain(): void {
    this.bufferedBytes = 0;
    this.#callAfterTaken();
  }

  /** All bytes, in order. */
  get bytes(): Buffer {
    return Buffer.concat(this.writes);
  }

  /** The payloads of all text frames, in order, inflated where they are compressed. */
  get texts(): string[] {
    return readTextFrames(this.bytes);
  }

  #callAfterTaken(): void {
    for (const run of this.#afterTaken.splice(0)) {
      queueMicrotask(() => {
        if (!this.#hasEnded) run();
      });
    }
  }
}

/** The payloads of short and medium text frames (RFC 6455 §5.2) that follow each other. */
function readTextFrames(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const isCompressed = bytes[at] === 0xc1;
    if (bytes[at] !== 0x81 && !isCompressed) throw new Error(`No text frame begins at ${at}.`);
    const short = bytes.readUInt8(at + 1);
    const header = short < 126 ? 2 : 4;
    const length = short < 126 ? short : bytes.readUInt16BE(at + 2);
    const payload = bytes.subarray(at + header, at + header + length);
    texts.push((isCompressed ? inflate(payload) : payload).toString());
    at += header + length;
  }
  return texts;
}

/** RFC 7692 §7.2.2. */
function inflate(payload: Uint8Array): Buffer {
  const whole = Buffer.concat([payload, Buffer.of(0x00, 0x00, 0xff, 0xff)]);
  return inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH });
}

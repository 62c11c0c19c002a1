import type { Socket } from "../../src/transport/transport.js";

/** Keeps what is written to it. It takes everything, or nothing while `isStuck`. */
export class RecordingSocket implements Socket {
  readonly writes: Uint8Array[] = [];
  /** What else was asked of it, such as `close 4000 bye`. */
  readonly asked: string[] = [];
  isStuck = false;
  bufferedBytes = 0;

  write(frames: Uint8Array): void {
    this.writes.push(frames);
    if (this.isStuck) this.bufferedBytes += frames.byteLength;
  }

  close(code: number, reason: string): void {
    this.asked.push(`close ${code} ${reason}`.trimEnd());
  }

  terminate(): void {
    this.asked.push("terminate");
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
  }

  /** All bytes, in order. */
  get bytes(): Buffer {
    return Buffer.concat(this.writes);
  }

  /** The payloads of all text frames, in order. */
  get texts(): string[] {
    return readTextFrames(this.bytes);
  }
}

/** The payloads of short and medium text frames (RFC 6455 §5.2) that follow each other. */
function readTextFrames(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== 0x81) throw new Error(`No text frame begins at ${at}.`);
    const short = bytes.readUInt8(at + 1);
    const header = short < 126 ? 2 : 4;
    const length = short < 126 ? short : bytes.readUInt16BE(at + 2);
    texts.push(bytes.subarray(at + header, at + header + length).toString());
    at += header + length;
  }
  return texts;
}

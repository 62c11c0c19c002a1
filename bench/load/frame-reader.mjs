const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const COMPRESSED = 0x40;

/**
 * Counts the messages in what one server sends, without looking into them: the load must cost less than the server.
 *
 * A frame is taken for a message when its last byte has come. Servers here send no fragments.
 */
export class FrameReader {
  messages = 0;
  compressed = 0;
  isClosed = false;
  /** Set to keep the payload of the next message that comes in one piece. */
  sample = undefined;
  wantsSample = false;
  #left = 0;
  #isMessage = false;
  #head = Buffer.alloc(10);
  #headLength = 0;
  #answerPing;

  /** @param {() => void} answerPing */
  constructor(answerPing) {
    this.#answerPing = answerPing;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} length
   * @param {number} from
   * @returns {number} messages that ended in it
   */
  take(bytes, length, from = 0) {
    const before = this.messages;
    let at = from;
    while (at < length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, length - at);
        this.#left -= step;
        at += step;
        if (this.#left === 0) this.#end();
      } else if (this.#headLength === 0 && length - at >= 4 && (bytes[at + 1] & 127) !== 127) {
        const first = bytes[at];
        let size = bytes[at + 1] & 127;
        at += 2;
        if (size === 126) {
          size = (bytes[at] << 8) | bytes[at + 1];
          at += 2;
        }
        this.#begin(first, size);
        if (this.wantsSample && this.#isMessage && length - at >= size) {
          this.sample = Buffer.from(bytes.subarray(at, at + size));
          this.wantsSample = false;
        }
      } else {
        this.#head[this.#headLength] = bytes[at];
        this.#headLength += 1;
        at += 1;
        this.#takeHead();
      }
    }
    return this.messages - before;
  }

  #takeHead() {
    const head = this.#head;
    if (this.#headLength < 2) return;
    const short = head[1] & 127;
    const needed = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (this.#headLength < needed) return;
    const size = short === 126 ? head.readUInt16BE(2) : short === 127 ? Number(head.readBigUInt64BE(2)) : short;
    this.#headLength = 0;
    this.#begin(head[0], size);
  }

  #begin(first, size) {
    const opcode = first & 15;
    this.#isMessage = opcode <= TEXT + 1;
    if (this.#isMessage && first & COMPRESSED) this.compressed += 1;
    if (opcode === PING) this.#answerPing();
    if (opcode === CLOSE) this.isClosed = true;
    this.#left = size;
    if (size === 0) this.#end();
  }

  #end() {
    if (this.#isMessage) this.messages += 1;
  }
}

/** A text frame as a client sends it: masked (RFC 6455 §5.3), with a key that is not all zeros. */
export function maskedText(text) {
  return masked(TEXT, Buffer.from(text));
}

export const maskedPong = masked(10, Buffer.alloc(0));

function masked(opcode, payload) {
  const key = Buffer.from([0x1d, 0x9a, 0x42, 0xe7]);
  const { length } = payload;
  const head = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 255];
  const body = Buffer.from(payload);
  for (let at = 0; at < length; at += 1) body[at] ^= key[at & 3];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...head]), key, body]);
}

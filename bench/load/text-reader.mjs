const TEXT = 1;
const CLOSE = 8;
const PING = 9;

/**
 * Gives each text that one server sends, for who looks into them. Servers here send no fragments, and nothing compressed.
 */
export class TextReader {
  #onText;
  #onClose;
  #answerPing;
  /** What has come of a frame that is not whole yet. */
  #rest = Buffer.alloc(0);

  /**
   * @param {(text: string) => void} onText
   * @param {(code: number, reason: string) => void} onClose
   * @param {() => void} answerPing
   */
  constructor(onText, onClose, answerPing) {
    this.#onText = onText;
    this.#onClose = onClose;
    this.#answerPing = answerPing;
  }

  /**
   * @param {Uint8Array} bytes which others write to as soon as this returns
   * @param {number} length
   * @param {number} from
   * @returns {number} messages that ended in it
   */
  take(bytes, length, from = 0) {
    const came = Buffer.from(bytes.buffer, bytes.byteOffset + from, length - from);
    const all = this.#rest.length === 0 ? came : Buffer.concat([this.#rest, came]);
    let messages = 0;
    let at = 0;
    for (let frame = frameAt(all, at); frame !== undefined; frame = frameAt(all, at)) {
      at = frame.end;
      if (frame.opcode === TEXT) {
        messages += 1;
        this.#onText(all.utf8Slice(frame.begin, frame.end));
      } else if (frame.opcode === PING) this.#answerPing();
      else if (frame.opcode === CLOSE) {
        const code = frame.end - frame.begin < 2 ? 1005 : all.readUInt16BE(frame.begin);
        this.#onClose(code, all.utf8Slice(frame.begin + 2, frame.end));
      }
    }
    this.#rest = at === all.length ? NOTHING : Buffer.from(all.subarray(at));
    return messages;
  }
}

const NOTHING = Buffer.alloc(0);

/** Where its payload begins and ends; undefined: it is not whole. */
function frameAt(bytes, at) {
  const left = bytes.length - at;
  if (left < 2) return undefined;
  const short = bytes[at + 1] & 127;
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (left < head) return undefined;
  const size =
    short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
  const begin = at + head;
  return left < head + size ? undefined : { opcode: bytes[at] & 15, begin, end: begin + size };
}

import { hold } from "./target.js";

export interface HeardResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** What a server has said over one connection: answers to requests, and behind a 101 the frames of a WebSocket. */
export interface HeardBytes {
  readonly responses: readonly HeardResponse[];
  readonly frames: Buffer | undefined;
}

/**
 * Bytes of a server as the answers that they are.
 *
 * @throws Breach where they are none
 */
export function readResponses(bytes: Buffer): HeardBytes {
  const responses: HeardResponse[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const end = rest.indexOf("\r\n\r\n");
    hold(end !== -1, "an answer has a head that ends", rest.toString("latin1"));
    const { status, headers } = readHead(rest.subarray(0, end).toString("latin1"));
    rest = rest.subarray(end + 4);
    if (status === 101) return { responses: [...responses, { status, headers, body: Buffer.alloc(0) }], frames: rest };
    if (status === 100) continue;
    // Node's own answer to what is not even a request comes in chunks, of which there are none.
    if (headers.get("transfer-encoding") === "chunked") {
      hold(rest.subarray(0, 5).equals(NO_CHUNKS), "an answer in chunks is empty", rest.toString("latin1"));
      responses.push({ status, headers, body: Buffer.alloc(0) });
      rest = rest.subarray(5);
      continue;
    }
    const said = Number(headers.get("content-length") ?? 0);
    // To HEAD, and with a 304, it tells the length of what is not sent.
    const length = rest.length === 0 || rest.subarray(0, 9).equals(NEXT) ? 0 : said;
    hold(rest.length >= length, "an answer is as long as it says", { said, is: rest.length });
    responses.push({ status, headers, body: rest.subarray(0, length) });
    rest = rest.subarray(length);
  }
  return { responses, frames: undefined };
}

const NEXT = Buffer.from("HTTP/1.1 ");
const NO_CHUNKS = Buffer.from("0\r\n\r\n");

function readHead(head: string): Pick<HeardResponse, "status" | "headers"> {
  const [first = "", ...lines] = head.split("\r\n");
  const [, status] = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/.exec(first) ?? [];
  hold(status !== undefined, "an answer begins with its status", first);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name = "", value = ""] = /^([\w-]+): ([\x20-\x7e\x80-\xff\t]*)$/.exec(line) ?? [];
    hold(name !== "", "a header is one line with a name", line);
    headers.set(name.toLowerCase(), value);
  }
  return { status: Number(status), headers };
}

export interface HeardFrame {
  readonly opcode: number;
  readonly reserved: number;
  readonly payload: Buffer;
}

/**
 * Bytes of a server as the frames that they are (RFC 6455 §5.2): whole, not masked, control frames short.
 *
 * @throws Breach where they are none
 */
export function readFrames(bytes: Buffer): readonly HeardFrame[] {
  const frames: HeardFrame[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const [first = 0, second = 0] = rest;
    const [opcode, reserved] = [first & 0x0f, (first >> 4) & 7];
    hold(first >= 0x80 && second < 0x80, "a server's frame is whole and not masked", rest.toString("hex"));
    hold([1, 2, 8, 9, 10].includes(opcode) && (reserved & 3) === 0, "a server's frame is of a known kind", first);
    hold(opcode < 8 || (second <= 125 && reserved === 0), "a control frame is short and plain", rest.toString("hex"));
    const extended = second === 127 ? 8 : second === 126 ? 2 : 0;
    const length =
      extended === 0 ? second : rest.subarray(2, 10).readUIntBE(extended === 8 ? 2 : 0, extended === 8 ? 6 : 2);
    const begin = 2 + extended;
    hold(rest.length >= begin + length, "a server's frame is as long as it says", { length, is: rest.length });
    frames.push({ opcode, reserved, payload: rest.subarray(begin, begin + length) });
    rest = rest.subarray(begin + length);
  }
  return frames;
}

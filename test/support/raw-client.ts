import { connect, type Socket } from "node:net";
import { Inbox } from "./inbox.js";

/** Bytes over TCP: for handshakes and frames that no client library would send. */
export class RawClient implements Disposable {
  readonly #socket: Socket;
  readonly #chunks = new Inbox<Buffer>("The next bytes");
  #unread: Buffer = Buffer.alloc(0);

  static async open(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return client;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#chunks.put(chunk));
    socket.on("error", () => {}); // the end of the bytes tells it
    socket.on("close", () => this.#chunks.end("the connection ended"));
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** No more is sent from this side. */
  end(): void {
    this.#socket.end();
  }

  /** Ends the connection with a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Cuts the connection: a server would wait for the answer to its close frame, which never comes from here. */
  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async nextResponse(): Promise<RawResponse> {
    while (!this.#unread.includes("\r\n\r\n")) await this.#more();
    const headBytes = this.#unread.indexOf("\r\n\r\n") + 4;
    const [statusLine = "", ...lines] = this.#take(headBytes).toString().trimEnd().split("\r\n");
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const body = (await this.#read(Number(headers["content-length"] ?? 0))).toString();
    const isJson = headers["content-type"]?.startsWith("application/json") && body !== "";
    return { status: Number(statusLine.split(" ")[1]), headers, body: isJson ? JSON.parse(body) : body };
  }

  async nextFrame(): Promise<RawFrame> {
    const [first = 0, second = 0] = await this.#read(2);
    const short = second & 0x7f;
    if (short === 127) throw new Error("So long a frame was not expected.");
    const length = short === 126 ? (await this.#read(2)).readUInt16BE() : short;
    return { opcode: first & 0x0f, payload: await this.#read(length) };
  }

  /** The code and reason of the next close frame; frames before it are passed over. */
  async nextClose(): Promise<{ readonly code: number; readonly reason: string }> {
    let next = await this.nextFrame();
    while (next.opcode !== opcodes.close) next = await this.nextFrame();
    return { code: next.payload.readUInt16BE(), reason: next.payload.subarray(2).toString() };
  }

  async #read(length: number): Promise<Buffer> {
    while (this.#unread.length < length) await this.#more();
    return this.#take(length);
  }

  async #more(): Promise<void> {
    this.#unread = Buffer.concat([this.#unread, await this.#chunks.next()]);
  }

  #take(length: number): Buffer {
    const taken = this.#unread.subarray(0, length);
    this.#unread = this.#unread.subarray(length);
    return taken;
  }
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed, where it is JSON. */
  readonly body: unknown;
}

export interface RawFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Connects, and completes the handshake at the path of `url`. */
export async function openRaw(url: string, headers: RequestHeaders = {}): Promise<RawClient> {
  const client = await RawClient.open(url);
  client.write(handshakeRequest(new URL(url).pathname, { headers }));
  const { status, body } = await client.nextResponse();
  if (status !== 101) throw new Error(`The handshake was refused: ${status} ${JSON.stringify(body)}`);
  return client;
}

/** What a request that was sent byte by byte is answered. */
export async function request(url: string, bytes: string): Promise<RawResponse> {
  using client = await RawClient.open(url);
  client.write(bytes);
  return await client.nextResponse();
}

/** Names in lower case; `undefined` leaves out one that a handshake has. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** The bytes of an opening handshake (RFC 6455 §4.1). The target is sent as it is given. */
export function handshakeRequest(
  target: string,
  { method = "GET", headers = {} }: { readonly method?: string; readonly headers?: RequestHeaders } = {},
): string {
  const all = {
    host: "127.0.0.1",
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** RFC 6455 §5.2. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

export interface FrameParts {
  readonly opcode?: number;
  readonly payload?: string | Uint8Array;
  /** Default true. */
  readonly isFinal?: boolean;
  /** The three reserved bits, as a number from 0 to 7. */
  readonly reserved?: number;
  /** Default true, as a client must. */
  readonly isMasked?: boolean;
  /** What the header says, where that is not the payload's length. */
  readonly length?: number;
}

/** The bytes of one frame, whatever its parts make of it. By default a text frame as a client sends it. */
export function frame({
  opcode = opcodes.text,
  payload = "",
  isFinal = true,
  reserved = 0,
  isMasked = true,
  length,
}: FrameParts): Buffer {
  const bytes = Buffer.from(payload);
  const said = length ?? bytes.length;
  const maskBit = isMasked ? 0x80 : 0;
  const first = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode;
  const header = Buffer.alloc(said <= 125 ? 2 : said <= 0xffff ? 4 : 10);
  header[0] = first;
  header[1] = maskBit | (header.length === 2 ? said : header.length === 4 ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(said, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(said), 2);
  if (!isMasked) return Buffer.concat([header, bytes]);
  const mask = Buffer.from([0x5a, 0xa5, 0x3c, 0xc3]);
  return Buffer.concat([header, mask, bytes.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string | Uint8Array = ""): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return Buffer.concat([payload, Buffer.from(reason)]);
}

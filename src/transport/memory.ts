import { constants, inflateRawSync } from "node:zlib";
import { closeReason } from "../protocol/close-codes.js";
import { answerDeflateOffer } from "./deflate-offer.js";
import type { AcceptOptions, RefusalResponse, Socket, SocketListener, Upgrade } from "./transport.js";

export interface MemoryDial {
  /** Path and query, such as `/ws/rooms/lobby?token=…`. */
  readonly target: string;
  readonly method?: string | undefined;
  /** Names in lower case. What a handshake needs is there already; `sec-websocket-extensions` may offer compression. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly address?: string | undefined;
  /** Has who dials hung up meanwhile? Default: it never does. */
  readonly isGone?: (() => boolean) | undefined;
}

/** What a dial came to. Who hung up hears nothing more of it. */
export type MemoryAnswer =
  | {
      readonly peer: MemoryPeer;
      readonly subprotocol: string | undefined;
      /** What `Sec-WebSocket-Extensions` was answered with. */
      readonly extensions: string | undefined;
    }
  | { readonly refused: RefusalResponse };

/** What the client's end of a connection in memory hears. */
export interface MemoryPeerListener {
  text(text: string): void;
  binary(bytes: Uint8Array): void;
  /** The answer to a ping frame. */
  pong(data: Uint8Array): void;
  closed(code: number, reason: string): void;
}

/**
 * A handshake without a network: `answer` is given the upgrade, and the promise tells what became of it.
 *
 * What one end sends reaches the other in a later microtask, in order. What a peer that does not read has not taken counts
 * as the socket's `bufferedBytes`.
 */
export function dialMemory(answer: (upgrade: Upgrade) => void, dial: MemoryDial): Promise<MemoryAnswer> {
  return new Promise((resolve) => answer(new MemoryUpgrade(dial, resolve)));
}

const HANDSHAKE_HEADERS = {
  host: "localhost",
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

class MemoryUpgrade implements Upgrade {
  readonly method: string;
  readonly httpVersion = "1.1";
  readonly target: string;
  readonly address: string;
  readonly isSecure = false;
  readonly #isGone: () => boolean;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #answered: (answer: MemoryAnswer) => void;

  constructor(
    { target, method = "GET", headers, address = "127.0.0.1", isGone = () => false }: MemoryDial,
    answered: (answer: MemoryAnswer) => void,
  ) {
    this.method = method;
    this.target = target;
    this.address = address;
    this.#isGone = isGone;
    this.#headers = { ...HANDSHAKE_HEADERS, ...headers };
    this.#answered = answered;
  }

  get isGone(): boolean {
    return this.#isGone();
  }

  get rawHeaders(): readonly string[] {
    return Object.entries(this.#headers).flat();
  }

  header(name: string): string | undefined {
    return Object.hasOwn(this.#headers, name) ? this.#headers[name] : undefined;
  }

  accept(options: AcceptOptions, listen: (socket: Socket) => SocketListener): Socket | undefined {
    if (this.isGone) return undefined;
    const offer = this.header("sec-websocket-extensions");
    const extensions = options.compression ? answerDeflateOffer(offer) : undefined;
    const socket = new MemorySocket(extensions !== undefined);
    const peer = new MemoryPeer(socket, options.messageSize);
    socket.connect(peer, listen(socket));
    this.#answered({ peer, subprotocol: options.subprotocol, extensions });
    return socket;
  }

  refuse(response: RefusalResponse): void {
    this.#answered({ refused: response });
  }
}

class MemorySocket implements Socket {
  readonly isCompressing: boolean;
  #listener: SocketListener | undefined;
  #peer: MemoryPeer | undefined;
  /** What has arrived and was not handed on yet. */
  readonly #arrived: (() => void)[] = [];
  #isPaused = false;
  #isClosing = false;
  #isClosed = false;
  #isHandingOn = false;

  constructor(isCompressing: boolean) {
    this.isCompressing = isCompressing;
  }

  connect(peer: MemoryPeer, listener: SocketListener): void {
    this.#peer = peer;
    this.#listener = listener;
  }

  get bufferedBytes(): number {
    return this.#peer?.unreadBytes ?? 0;
  }

  write(frames: Uint8Array): void {
    if (!this.#isClosing) this.#peer?.receive(frames);
  }

  afterTaken(run: () => void): void {
    this.#peer?.afterRead(() => {
      if (!this.#isClosed) run();
    });
  }

  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#isPaused = false;
    this.#peer?.receiveClose(code, closeReason(reason));
  }

  terminate(): void {
    this.#isClosing = true;
    this.#peer?.cut();
    this.end(1006, "");
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#handOn();
  }

  /** The peer sent a message. */
  arrive(message: string | Uint8Array): void {
    this.#arrived.push(() => {
      if (this.#isClosing) return;
      if (typeof message === "string") this.#listener?.text(message);
      else this.#listener?.binary(message);
    });
    this.#handOn();
  }

  /** The peer sent a ping frame, or answered one. */
  arriveControl(frame: { readonly ping: Uint8Array } | "pong"): void {
    this.#arrived.push(() => {
      if (this.#isClosing) return;
      if (frame === "pong") this.#listener?.pong();
      else this.#listener?.ping(frame.ping);
    });
    this.#handOn();
  }

  /** The peer sent a close frame, or broke a limit; `answer` is what goes back. */
  arriveClose(code: number, reason: string, begunBy: "peer" | "us", answer: () => void): void {
    this.#arrived.push(() => {
      if (!this.#isClosing) this.#listener?.closing(code, reason, begunBy);
      this.#isClosing = true;
      answer();
      this.end(code, reason);
    });
    this.#handOn();
  }

  /** The connection is gone. */
  end(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isClosing = true;
    this.#arrived.length = 0;
    queueMicrotask(() => this.#listener?.closed(code, reason));
  }

  #handOn(): void {
    if (this.#isHandingOn) return;
    this.#isHandingOn = true;
    queueMicrotask(() => {
      this.#isHandingOn = false;
      while (!this.#isPaused) {
        const next = this.#arrived.shift();
        if (next === undefined) break;
        next();
      }
    });
  }
}

/** The client's end. */
export class MemoryPeer {
  readonly #socket: MemorySocket;
  readonly #messageSize: number;
  readonly #unread: { readonly bytes: number; readonly read: () => void }[] = [];
  #unreadBytes = 0;
  #listener: MemoryPeerListener | undefined;
  #isReading = true;
  #answersPings = true;
  #isClosing = false;
  #isClosed = false;
  #isScheduled = false;

  constructor(socket: MemorySocket, messageSize: number) {
    this.#socket = socket;
    this.#messageSize = messageSize;
  }

  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** From now on it hears what arrives, and what arrived before. */
  listen(listener: MemoryPeerListener): void {
    this.#listener = listener;
    this.#read();
  }

  send(message: string | Uint8Array): void {
    if (this.#isClosing || this.#isClosed) return;
    // As on a wire: UTF-8 carries no half surrogate pair, and what is sent is a copy.
    const carried = typeof message === "string" ? Buffer.from(message) : Buffer.from(message.slice());
    if (carried.byteLength <= this.#messageSize) {
      this.#socket.arrive(typeof message === "string" ? carried.toString() : carried);
    } else this.#socket.arriveClose(1009, "message_too_big", "us", () => this.#finish(1009, "message_too_big"));
  }

  /** Sends a ping frame. */
  ping(data: Uint8Array = new Uint8Array()): void {
    if (!this.#isClosing && !this.#isClosed) this.#socket.arriveControl({ ping: Buffer.from(data.slice()) });
  }

  /** From now on it answers no ping frames. */
  ignorePings(): void {
    this.#answersPings = false;
  }

  /** Begins the closing handshake. 1005 stands for a close frame without a code. */
  close(code = 1005, reason = ""): void {
    if (this.#isClosing || this.#isClosed) return;
    this.#isClosing = true;
    this.#socket.arriveClose(code, reason, "peer", () => this.#finish(code, reason));
  }

  /** The network is lost: neither end hears from the other again. */
  vanish(): void {
    this.cut();
    this.#socket.end(1006, "");
  }

  stopReading(): void {
    this.#isReading = false;
  }

  startReading(): void {
    this.#isReading = true;
    this.#read();
  }

  /** The server wrote frames. */
  receive(frames: Uint8Array): void {
    for (const frame of decodeFrames(frames)) {
      this.#unread.push({ bytes: frame.bytes, read: () => this.#hear(frame) });
      this.#unreadBytes += frame.bytes;
    }
    this.#read();
  }

  /** Calls `run` when all that came until now is read. */
  afterRead(run: () => void): void {
    this.#unread.push({ bytes: 0, read: run });
    this.#read();
  }

  /** The server sent a close frame: read in its turn, and answered. A peer that does not read sees only that. */
  receiveClose(code: number, reason: string): void {
    if (this.#isClosed) return;
    if (!this.#isReading) this.#forgetUnread();
    const read = () => {
      this.#finish(code, reason);
      this.#socket.end(code, reason);
    };
    this.#unread.push({ bytes: 0, read });
    this.#read();
  }

  /** The connection broke. */
  cut(): void {
    if (this.#isClosed) return;
    this.#forgetUnread();
    this.#finish(1006, "");
  }

  #hear({ opcode, isCompressed, payload: sent }: DecodedFrame): void {
    if (isCompressed && !this.#socket.isCompressing) {
      // Nobody has agreed to it (RFC 6455 §5.2).
      this.close(1002);
      return;
    }
    const payload = isCompressed ? inflate(sent) : sent;
    if (opcode === TEXT) this.#listener?.text(payload.toString());
    else if (opcode === BINARY) this.#listener?.binary(payload);
    else if (opcode === PONG) this.#listener?.pong(payload);
    else if (this.#answersPings && !this.#isClosing) this.#socket.arriveControl("pong");
  }

  #forgetUnread(): void {
    this.#unread.length = 0;
    this.#unreadBytes = 0;
    this.#isReading = true;
  }

  /** What was written before is read before. */
  #finish(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unread.push({ bytes: 0, read: () => this.#listener?.closed(code, reason) });
    this.#read();
  }

  #read(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      while (this.#isReading && this.#listener !== undefined) {
        const next = this.#unread.shift();
        if (next === undefined) break;
        this.#unreadBytes -= next.bytes;
        next.read();
      }
    });
  }
}

const TEXT = 0x1;
const BINARY = 0x2;
const PONG = 0xa;
const RSV1 = 0x40;
/** What a deflated message is sent without. */
const FLUSH_MARKER = Buffer.of(0x00, 0x00, 0xff, 0xff);

interface DecodedFrame {
  readonly opcode: number;
  readonly isCompressed: boolean;
  readonly payload: Buffer;
  /** The header included. */
  readonly bytes: number;
}

/** Whole, unmasked, unfragmented text, binary, ping and pong frames (RFC 6455 §5.2), as the core writes them. */
function* decodeFrames(bytes: Uint8Array): Generator<DecodedFrame> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.byteLength) {
    const first = view.getUint8(at);
    const short = view.getUint8(at + 1) & 0x7f;
    const headerLength = short === 126 ? 4 : short === 127 ? 10 : 2;
    const length = short === 126 ? view.getUint16(at + 2) : short === 127 ? Number(view.getBigUint64(at + 2)) : short;
    const payload = Buffer.from(bytes.slice(at + headerLength, at + headerLength + length));
    yield { opcode: first & 0x0f, isCompressed: (first & RSV1) !== 0, payload, bytes: headerLength + length };
    at += headerLength + length;
  }
}

/** One message, deflated without what came before it (RFC 7692 §7.2.2). */
function inflate(payload: Uint8Array): Buffer {
  return inflateRawSync(Buffer.concat([payload, FLUSH_MARKER]), { finishFlush: constants.Z_SYNC_FLUSH });
}

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ServerOptions, Server as WebSocketServerOf } from "ws";
import { closeReason } from "../protocol/close-codes.js";
import { answerDeflateOffer } from "./deflate-offer.js";
import { Inflation } from "./inflation.js";
import type { AcceptOptions, RefusalResponse, Socket, SocketListener, Upgrade } from "./transport.js";
import { WebSocket, WebSocketServer } from "./ws-package.js";

/** Upgrades of `node:http` and `node:https` servers, received by `ws`. */
export class WsTransport {
  readonly #servers = new Map<string, Server>();

  /** Takes what a server's `upgrade` event gives. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): Upgrade {
    return new WsUpgrade(request, stream, head, (options) => this.#serverFor(options));
  }

  /** `ws` takes its limits per server, an app's endpoints have their own: one server for each set of limits. */
  #serverFor({ messageSize, fragments, closeMs, compression }: AcceptOptions): Server {
    const key = `${messageSize}/${fragments}/${closeMs}/${compression}`;
    const known = this.#servers.get(key);
    if (known !== undefined) return known;
    const options: ServerOptions<typeof ExplainingWebSocket> & { closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      WebSocket: ExplainingWebSocket,
      maxPayload: messageSize,
      maxFragments: fragments,
      maxBufferedChunks: MAX_BUFFERED_CHUNKS,
      closeTimeout: closeMs,
      // What we write, a pong too, goes through the outbox and counts there.
      autoPong: false,
      // It compresses nothing that we write, only says so and inflates what comes.
      perMessageDeflate: compression && { serverNoContextTakeover: true, clientNoContextTakeover: true },
      handleProtocols: (_offered, request) => selectedSubprotocols.get(request) ?? false,
    };
    const server: Server = new WebSocketServer(options);
    this.#servers.set(key, server);
    return server;
  }
}

type Server = WebSocketServerOf<typeof ExplainingWebSocket>;

/** Pieces of one message that `ws` keeps while it is incomplete: bounds the memory of a peer that sends byte by byte. */
const MAX_BUFFERED_CHUNKS = 4_096;

const selectedSubprotocols = new WeakMap<IncomingMessage, string>();

class WsUpgrade implements Upgrade {
  readonly #request: IncomingMessage;
  readonly #stream: Duplex;
  readonly #head: Buffer;
  readonly #serverFor: (options: AcceptOptions) => Server;

  constructor(request: IncomingMessage, stream: Duplex, head: Buffer, serverFor: (options: AcceptOptions) => Server) {
    this.#request = request;
    this.#stream = stream;
    this.#head = head;
    this.#serverFor = serverFor;
    // Until `ws` takes the stream over nobody listens to it, and an error nobody listens to ends the process.
    stream.on("error", ignore);
  }

  get method(): string {
    return this.#request.method ?? "";
  }

  get httpVersion(): string {
    return this.#request.httpVersion;
  }

  get target(): string {
    return this.#request.url ?? "/";
  }

  get rawHeaders(): readonly string[] {
    return this.#request.rawHeaders;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  get address(): string {
    return this.#request.socket.remoteAddress ?? "";
  }

  get isSecure(): boolean {
    return isEncrypted(this.#request.socket);
  }

  get isGone(): boolean {
    return this.#stream.destroyed || !this.#stream.readable || !this.#stream.writable;
  }

  accept(options: AcceptOptions, listen: (socket: Socket) => SocketListener): Socket | undefined {
    if (this.isGone) {
      this.#stream.destroy();
      return undefined;
    }
    const extensions = options.compression ? answerDeflateOffer(this.header(EXTENSIONS)) : undefined;
    const isCompressing = extensions !== undefined;
    // `ws` refuses a handshake for an offer that it can't take. It sees one that it answers with the same.
    const request = isCompressing ? withHeader(this.#request, EXTENSIONS, extensions) : this.#request;
    if (options.subprotocol !== undefined) selectedSubprotocols.set(request, options.subprotocol);
    let accepted: Socket | undefined;
    const server = this.#serverFor({ ...options, compression: isCompressing });
    // With `noServer` this calls back before it returns, or not at all.
    server.handleUpgrade(request, this.#stream, this.#head, (webSocket) => {
      this.#stream.off("error", ignore);
      const socket = new WsSocket(webSocket, this.#stream, isCompressing);
      accepted = socket;
      socket.listen(listen(socket));
    });
    return accepted;
  }

  refuse({ status, headers, body }: RefusalResponse): void {
    if (this.isGone) {
      this.#stream.destroy();
      return;
    }
    const lines = [`HTTP/1.1 ${status} ${STATUS_TEXTS[status] ?? "Refused"}`];
    const all = { ...headers, connection: "close", "content-length": String(Buffer.byteLength(body)) };
    for (const [name, value] of Object.entries(all)) lines.push(`${name}: ${value}`);
    this.#stream.once("finish", () => this.#stream.destroy());
    this.#stream.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
  }
}

const EXTENSIONS = "sec-websocket-extensions";

/** The same request, but for one header. */
function withHeader(request: IncomingMessage, name: string, value: string): IncomingMessage {
  return Object.create(request, { headers: { value: { ...request.headers, [name]: value } } });
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

class WsSocket implements Socket, WebSocketListener {
  readonly #webSocket: ExplainingWebSocket;
  readonly #stream: Duplex;
  readonly #inflation: Inflation | undefined;
  #listener: SocketListener | undefined;
  /** How the end began, where we did not begin it. */
  #began: { readonly code: number; readonly reason: string } | undefined;
  #isClosing = false;

  constructor(webSocket: ExplainingWebSocket, stream: Duplex, isCompressing: boolean) {
    this.#webSocket = webSocket;
    this.#stream = stream;
    if (!isCompressing) return;
    const inflation = new Inflation(webSocket);
    this.#inflation = inflation;
    // What is held back would keep `ws` from telling that it is over.
    stream.once("close", () => inflation.resume());
  }

  get isCompressing(): boolean {
    return this.#inflation !== undefined;
  }

  /** From now on the listener is told what comes. */
  listen(listener: SocketListener): void {
    this.#webSocket.listener = this;
    this.#listener = listener;
  }

  message(data: Buffer, isBinary: boolean): void {
    if (this.#isClosing) return;
    if (isBinary) this.#listener?.binary(data);
    else this.#listener?.text(data.toString());
  }

  ping(data: Buffer): void {
    if (!this.#isClosing) this.#listener?.ping(data);
  }

  pong(): void {
    if (!this.#isClosing) this.#listener?.pong();
  }

  closing(code: number, reason: string, begunBy: "peer" | "us"): void {
    if (this.#isClosing) return;
    this.#began = { code, reason };
    this.#listener?.closing(code, reason, begunBy);
    this.#isClosing = true;
  }

  closed(code: number, reason: Buffer): void {
    this.#isClosing = true;
    // After a broken protocol `ws` reads no close frame, and would report that there was none.
    this.#listener?.closed(this.#began?.code ?? code, this.#began?.reason ?? reason.toString());
  }

  get bufferedBytes(): number {
    return this.#stream.writableLength;
  }

  write(frames: Uint8Array): void {
    // Straight to the stream: `ws` would frame and write it once more for each receiver. The order with its own frames
    // (close) holds, because it writes those, which are never compressed, to the same stream at once.
    if (!this.#isClosing && this.#stream.writable) this.#stream.write(frames);
  }

  afterTaken(run: () => void): void {
    if (this.#isClosing || !this.#stream.writable) return;
    // Is taken after all before it.
    this.#stream.write(leastOf(this.#stream), (error) => {
      // TLS calls back without an error for what was dropped when it was destroyed.
      if (!error && !this.#stream.destroyed) run();
    });
  }

  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#inflation?.stop();
    // A paused socket would never see the peer's close frame.
    this.resume();
    this.#webSocket.close(code, closeReason(reason));
  }

  terminate(): void {
    this.#isClosing = true;
    this.#webSocket.terminate();
  }

  pause(): void {
    this.#inflation?.pause();
    this.#webSocket.pause();
  }

  resume(): void {
    this.#inflation?.resume();
    this.#webSocket.resume();
  }
}

/** What is heard of one WebSocket of `ws`. */
interface WebSocketListener {
  message(data: Buffer, isBinary: boolean): void;
  ping(data: Buffer): void;
  pong(): void;
  closing(code: number, reason: string, begunBy: "peer" | "us"): void;
  closed(code: number, reason: Buffer): void;
}

/**
 * `ws` answers a close frame, and closes for a broken protocol, by calling its own `close`. Here that is announced
 * first, and a close for a broken protocol gets its reason (PROTOCOL.md, Refusing and closing).
 */
class ExplainingWebSocket extends WebSocket {
  listener: WebSocketListener | undefined;

  /** All that `ws` tells comes this way. A function for each event would take up half a kilobyte a connection. */
  override emit(event: string | symbol, ...[first, second]: readonly unknown[]): boolean {
    // What each event has is said in the documentation of `ws`; with the default `binaryType` a message is one Buffer.
    if (event === "message") this.listener?.message(first as Buffer, second === true);
    else if (event === "ping") this.listener?.ping(first as Buffer);
    else if (event === "pong") this.listener?.pong();
    else if (event === "close") this.listener?.closed(first as number, second as Buffer);
    // `ws` closes and reports by "close" what it reports by "error" first.
    return true;
  }

  override close(code?: number, reason?: string | Buffer): void {
    const word = reason ?? CLOSE_WORDS[code ?? 1005];
    // The peer's close frame has a reason, if an empty one, or no code at all; what `ws` closes for has a code alone.
    const begunBy = code !== undefined && reason === undefined ? "us" : "peer";
    if (this.readyState === WebSocket.OPEN) this.listener?.closing(code ?? 1005, word?.toString() ?? "", begunBy);
    super.close(code, word);
  }
}

const CLOSE_WORDS: Readonly<Record<number, string>> = {
  1002: "protocol_error",
  1007: "invalid_data",
  1009: "message_too_big",
};

/** On Bun every socket says whether it is encrypted. */
function isEncrypted(stream: Duplex): boolean {
  return "encrypted" in stream && stream.encrypted === true;
}

/** What can be written without the peer noticing: nothing, which puts no byte on the wire, of TLS neither. */
function leastOf(stream: Duplex): Uint8Array {
  // On Deno TLS breaks where nothing is written. A pong that nobody asked for is let pass (RFC 6455 §5.5.3).
  return "Deno" in globalThis && isEncrypted(stream) ? EMPTY_PONG : NOTHING;
}

const NOTHING = Buffer.alloc(0);
const EMPTY_PONG = Buffer.of(0x8a, 0);

function ignore(): void {}

import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { Inbox } from "../support/inbox.js";
import { frame, opcodes } from "./client-frame.js";
import { type Agreed, type Arrival, FrameReader } from "./frame-reader.js";
import { type Asked, checkAccepted, type Head, parseHead, writeRequest } from "./handshake.js";

/** Dials, and has been let in: whoever isn't, or is let in wrongly, fails. */
export async function dial(url: string, asked: Asked = {}): Promise<Wire> {
  const key = randomBytes(16).toString("base64");
  const wire = Wire.open(url, (head) => checkAccepted(head, asked, key));
  wire.send(Buffer.from(writeRequest(asked, key)));
  const head = await wire.head();
  if (head.status !== 101) throw new Error(`refused with ${head.status}`);
  return wire;
}

/** A client of plain TCP: it writes whatever bytes it is given, and bears nothing from a server that the RFCs forbid. */
export class Wire implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #accept: (head: Head) => Agreed | undefined;
  readonly #heads = new Inbox<Head>("the handshake");
  readonly #arrivals = new Inbox<Arrival>("the wire");
  readonly #ends = new Inbox<"end" | "reset">("the end of TCP");
  #unread: Buffer = Buffer.alloc(0);
  #reader: FrameReader | undefined;
  #fault: unknown;
  #agreed: Agreed | undefined;

  /** @param accept looks at a 101, and throws where a client may not believe it */
  static open(url: string, accept: (head: Head) => Agreed | undefined): Wire {
    const { hostname, port } = new URL(url);
    return new Wire(connect({ host: hostname, port: Number(port), noDelay: true }), accept);
  }

  private constructor(socket: Socket, accept: (head: Head) => Agreed | undefined) {
    this.#socket = socket;
    this.#accept = accept;
    socket.on("data", (bytes) => this.#guard(() => this.#read(bytes)));
    socket.on("end", () => this.#finish("end"));
    socket.on("error", () => this.#finish("reset"));
  }

  /** The server's answer to the handshake. */
  head(): Promise<Head> {
    return this.#heads.next();
  }

  /** What was agreed on for permessage-deflate. */
  get agreed(): Agreed | undefined {
    return this.#agreed;
  }

  /** In one segment, as far as TCP goes along. */
  send(...chunks: readonly Buffer[]): void {
    this.#socket.write(Buffer.concat(chunks));
  }

  /** The next message or control frame. */
  next(): Promise<Arrival> {
    return this.#arrivals.next();
  }

  /** What came and was not asked for. */
  get unread(): readonly Arrival[] {
    return this.#arrivals.unread;
  }

  /** The server's side of TCP has ended: cleanly, or by a reset. */
  async ended(): Promise<"end" | "reset"> {
    const how = await this.#ends.next();
    if (this.#fault) throw this.#fault;
    return how;
  }

  /** A ping of this wire has come back: what was said before has been read. */
  async settled(payload = "settled?"): Promise<Arrival[]> {
    this.send(frame(opcodes.ping, payload));
    const before: Arrival[] = [];
    for (;;) {
      const arrival = await this.next();
      if (arrival.kind === "pong" && arrival.payload.toString() === payload) return before;
      before.push(arrival);
    }
  }

  /** It reads nothing more, so that the server's writes pile up, until `resume`. */
  stall(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** No more is sent from this side. */
  end(): void {
    this.#socket.end();
  }

  /** The network is lost. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    if (this.#fault) throw this.#fault;
  }

  #read(bytes: Buffer): void {
    if (this.#reader) {
      this.#hear(this.#reader.push(bytes));
      return;
    }
    this.#unread = Buffer.concat([this.#unread, bytes]);
    const length = this.#unread.indexOf("\r\n\r\n");
    if (length === -1) return;
    const head = parseHead(this.#unread.subarray(0, length).toString("latin1"));
    if (head.status === 101) this.#agreed = this.#accept(head);
    this.#heads.put(head);
    if (head.status !== 101) {
      this.#socket.removeAllListeners("data").resume(); // a refusal's body
      return;
    }
    this.#reader = new FrameReader(this.#agreed);
    this.#hear(this.#reader.push(this.#unread.subarray(length + 4)));
  }

  #hear(arrivals: readonly Arrival[]): void {
    for (const arrival of arrivals) this.#arrivals.put(arrival);
  }

  #finish(how: "end" | "reset"): void {
    if (how === "end") this.#guard(() => this.#reader?.end());
    this.#heads.end(`TCP: ${how}`);
    this.#arrivals.end(`TCP: ${how}`);
    this.#ends.put(how);
  }

  #guard(read: () => void): void {
    try {
      read();
    } catch (fault) {
      this.#fault ??= fault;
      this.#socket.destroy();
      const why = String(fault);
      this.#heads.end(why);
      this.#arrivals.end(why);
      this.#ends.end(why);
    }
  }
}

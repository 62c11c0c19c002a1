import type { Clock, Timer } from "../base/clock.js";
import type { Socket } from "../client/surroundings.js";
import type { MemoryAnswer, MemoryPeer } from "../transport/memory.js";
import { Wire } from "./wire.js";

export interface PageSocketOptions {
  readonly clock: Clock;
  /** Runs a function in a later turn of the event loop. */
  readonly later: (run: () => void) => void;
  /** How long the next message is under way. */
  readonly delayMs: () => number;
  readonly protocols: readonly string[];
  /** Reaches the server; undefined where no one is there. */
  readonly dial: (isGone: () => boolean) => Promise<MemoryAnswer> | undefined;
  /** Both ends are done with it. */
  readonly ended: (socket: PageSocket) => void;
}

/**
 * A WebSocket as a page has it, over a simulated line.
 *
 * A page is not told why a handshake failed: it sees `error`, and `close` with 1006 (WHATWG WebSockets, "fail the connection").
 * Where it offered subprotocols, one of them must be selected. What is sent too early throws, too late is dropped.
 */
export class PageSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((message: { readonly data: unknown }) => void) | null = null;
  onerror: ((error: never) => void) | null = null;
  onclose: ((closed: { readonly code: number; readonly reason: string }) => void) | null = null;
  readonly #options: PageSocketOptions;
  readonly #up: Wire;
  readonly #down: Wire;
  #state: "connecting" | "open" | "closing" | "closed" = "connecting";
  /** The line broke, or it hung up before there was an answer. */
  #isGone = false;
  #isReading = true;
  #peer: MemoryPeer | undefined;
  #isServerDone = false;
  #closing: Timer | undefined;

  constructor(options: PageSocketOptions) {
    this.#options = options;
    this.#up = new Wire(options.clock, options.delayMs);
    this.#down = new Wire(options.clock, options.delayMs);
  }

  /** Has the page neither closed it, nor been told that it is closed? */
  get isUsed(): boolean {
    return this.#state === "connecting" || this.#state === "open";
  }

  /** Begins to dial. Whoever made it has had time to listen. */
  dial(): void {
    this.#options.later(() => this.#up.send(() => this.#reach()));
  }

  send(text: string): void {
    if (this.#state === "connecting") throw new DOMException("It is still connecting.", "InvalidStateError");
    if (this.#state === "open") this.#up.send(() => this.#peer?.send(text));
  }

  close(code?: number, reason: string = ""): void {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new DOMException(`A page may not close with ${code}.`, "InvalidAccessError");
    }
    if (Buffer.byteLength(reason) > 123) throw new DOMException("The reason is too long.", "SyntaxError");
    if (this.#state === "closing" || this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#state = "closing";
    if (wasOpen) {
      this.#up.send(() => this.#peer?.close(code, reason));
      this.#closing = this.#options.clock.after(CLOSING_MS, () => this.#giveUp());
    } else this.#options.later(() => this.breakOff());
  }

  /** The line breaks: what is under way is lost, and both ends are told. */
  breakOff(): void {
    this.endServerSide();
    this.#fail();
  }

  /** The server's end is gone. This one is told as soon as something passes. */
  endServerSide(): void {
    this.#isGone = true;
    this.#up.clear();
    this.#down.clear();
    this.#peer?.vanish();
    this.#isServerDone = true;
    this.#down.send(() => this.#fail());
  }

  /** Nothing passes any more, and nobody is told. */
  hold(): void {
    this.#up.hold();
    this.#down.hold();
    this.#read();
  }

  /** All passes again, and what waited comes. */
  release(): void {
    this.#up.release();
    this.#down.release();
    this.#read();
  }

  /** Does it take what arrives from its socket? */
  setReading(isReading: boolean): void {
    this.#isReading = isReading;
    this.#read();
  }

  #read(): void {
    // What can't pass waits at the server, whose buffers fill.
    if (this.#isReading && !this.#up.isHeld) this.#peer?.startReading();
    else this.#peer?.stopReading();
  }

  #reach(): void {
    const dialled = this.#options.dial(() => this.#isGone);
    if (dialled === undefined) this.endServerSide();
    else void dialled.then((answer) => this.#answered(answer)); // it does not reject
  }

  #answered(answer: MemoryAnswer): void {
    if ("refused" in answer) {
      this.#isServerDone = true;
      this.#down.send(() => this.#fail());
      return;
    }
    const { peer, subprotocol } = answer;
    this.#peer = peer;
    this.#down.send(() => this.#opened(subprotocol));
    peer.listen({
      text: (text) => this.#down.send(() => this.#hear(text)),
      binary: (bytes) => this.#down.send(() => this.#hear(bytes)),
      pong: () => {},
      closed: (code, reason) => {
        this.#isServerDone = true;
        this.#down.send(() => this.#closed(code, reason));
        this.#forgetWhereEnded();
      },
    });
    if (this.#isGone) peer.vanish();
    else this.#read();
  }

  #opened(subprotocol: string | undefined): void {
    if (this.#state !== "connecting") return;
    const { protocols } = this.#options;
    const isSelected = subprotocol === undefined ? protocols.length === 0 : protocols.includes(subprotocol);
    if (!isSelected) {
      this.breakOff();
      return;
    }
    this.#state = "open";
    this.onopen?.();
  }

  #hear(data: string | Uint8Array): void {
    // While it closes a page still hears what comes.
    if (this.#state === "open" || this.#state === "closing") this.onmessage?.({ data });
  }

  /** The server did not answer the close frame in time. */
  #giveUp(): void {
    this.#up.send(() => this.#peer?.vanish());
    this.#closed(1006, "");
  }

  #fail(): void {
    if (this.#state === "closed") return;
    this.onerror?.(new Event("error") as never); // whoever listens may not look at it
    this.#closed(1006, "");
  }

  #closed(code: number, reason: string): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#closing?.cancel();
    this.onclose?.({ code, reason });
    this.#forgetWhereEnded();
  }

  #forgetWhereEnded(): void {
    if (this.#state === "closed" && this.#isServerDone) this.#options.ended(this);
  }
}

/** How long a page waits for the server's close frame. */
const CLOSING_MS = 30_000;

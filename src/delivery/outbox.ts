import type { Socket } from "../transport/transport.js";
import type { Frame } from "./frame.js";
import { type Entry, joinFrames, type Lane, type LaneListener } from "./lane.js";
import type { Turn, TurnOutbox } from "./turn.js";

/**
 * Frames that wait for one connection's socket, in the order of the calls that made them.
 *
 * Past `limit` bytes that the socket has not taken, `overflow` is called, once, and everything is dropped from then on.
 * A socket that has taken everything takes any frame. Never blocks the publisher.
 */
export class Outbox implements LaneListener, TurnOutbox {
  readonly #turn: Turn;
  readonly #socket: Socket;
  readonly #limit: number;
  #direct: Entry[] | undefined;
  #directBytes = 0;
  #lane: Lane | undefined;
  #moreLanes: Lane[] | undefined;
  #isAdded = false;
  #isOver = false;

  constructor(turn: Turn, socket: Socket, limit: number, overflow: () => void) {
    this.#turn = turn;
    this.#socket = socket;
    this.#limit = limit;
    this.overflow = overflow;
  }

  /** Called after the turn's writes, when the socket has not taken enough. */
  readonly overflow: () => void;

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes + this.#directBytes;
  }

  /** Sends a frame to this connection alone. */
  push(frame: Frame): void {
    if (this.#isOver) return;
    const entry = { sequence: this.#turn.nextSequence(), frame, except: undefined };
    if (this.#direct === undefined) this.#direct = [entry];
    else this.#direct.push(entry);
    this.#grow(frame.length);
  }

  /** Entries of a lane it leaves. */
  take(entries: readonly Entry[]): void {
    if (this.#isOver || entries.length === 0) return;
    this.#direct = [...(this.#direct ?? []), ...entries].sort(bySequence);
    this.#grow(entries.reduce((bytes, entry) => bytes + entry.frame.length, 0));
  }

  /** The turn ends, and a lane has something for it. */
  hear(lane: Lane): void {
    if (this.#isOver) return;
    if (this.#lane === undefined) this.#lane = lane;
    else (this.#moreLanes ??= []).push(lane);
    this.#add();
  }

  /** Writes what is due. False where the socket has not taken enough: then it is dropped, and all that follows. */
  flush(): boolean {
    const bytes = this.#isOver ? undefined : this.#due();
    this.#isAdded = false;
    this.#direct = undefined;
    this.#directBytes = 0;
    this.#lane = undefined;
    this.#moreLanes = undefined;
    return bytes === undefined || this.#write(bytes);
  }

  /** Drops what is due, and all that follows. */
  drop(): void {
    this.#isOver = true;
    this.#direct = undefined;
    this.#directBytes = 0;
  }

  #grow(bytes: number): void {
    this.#directBytes += bytes;
    this.#add();
    // A turn that does not end must not fill it: then the turn's writes are made now, and the socket tells what it takes.
    if (this.#directBytes + this.#socket.bufferedBytes > this.#limit) this.#turn.flush();
  }

  #add(): void {
    if (this.#isAdded) return;
    this.#isAdded = true;
    this.#turn.addOutbox(this);
  }

  #due(): Frame | undefined {
    const direct = this.#direct;
    const lane = this.#lane;
    if (lane === undefined) return direct && joinFrames(direct);
    if (direct === undefined && this.#moreLanes === undefined) return lane.bytesFor(this);
    const entries = [...(direct ?? []), ...lane.entriesFor(this)];
    for (const more of this.#moreLanes ?? []) entries.push(...more.entriesFor(this));
    return joinFrames(entries.sort(bySequence));
  }

  #write(bytes: Frame): boolean {
    const waiting = this.#socket.bufferedBytes;
    if (waiting > 0 && waiting + bytes.length > this.#limit) {
      this.drop();
      return false;
    }
    this.#turn.counters.writes += 1;
    this.#turn.counters.bytesWritten += bytes.length;
    this.#socket.write(bytes);
    return true;
  }
}

function bySequence(a: Entry, b: Entry): number {
  return a.sequence - b.sequence;
}

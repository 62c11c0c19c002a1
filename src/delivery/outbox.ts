import type { Socket } from "../transport/transport.js";
import { Backlog } from "./backlog.js";
import { compressFrame } from "./deflate.js";
import { bySequence, Entry, joinFrames } from "./entry.js";
import type { Frame } from "./frame.js";
import type { Lane, LaneListener } from "./lane.js";
import type { Turn, TurnOutbox } from "./turn.js";

/** Who has more to say when half of an outbox is free. */
export interface AwaitsRoom {
  roomy(): void;
}

/** Whose outbox it is. */
export interface OutboxOwner {
  /** It is full. */
  overflow(): void;
  /** What its socket was given may not be taken soon: `isBehind` from now on. Told again when it has taken some of it. */
  fellBehind(): void;
}

/**
 * Frames that wait for one connection's socket, in the order of the calls that made them.
 *
 * What a socket takes is written at the end of the turn. What it does not take waits here, where its channel's `overflow`
 * still can drop or replace it; past `limit` bytes its owner is told, once, and everything is dropped from then on. A
 * socket that has taken everything takes any frame. Never blocks the publisher.
 */
export class Outbox implements LaneListener, TurnOutbox {
  readonly #turn: Turn;
  readonly #socket: Socket;
  readonly #owner: OutboxOwner;
  /** Bytes. */
  readonly limit: number;
  #direct: Entry[] | undefined;
  #directBytes = 0;
  /** What was deflated for it alone in this turn, before that. */
  #deflatedBytes = 0;
  #lane: Lane | undefined;
  #moreLanes: Lane[] | undefined;
  #backlog: Backlog | undefined;
  /** Who has more to say → how many bytes at least. */
  #awaitRoom: Map<AwaitsRoom, number> | undefined;
  #isAdded = false;
  #isOver = false;
  #isBehind = false;
  /** Bytes that its socket had not taken right after it was given some, without a backlog. */
  #givenBytes = 0;
  /** Bytes that its socket was given. */
  #writtenBytes = 0;
  /** Bytes that waited when all was dropped. */
  #droppedBytes = 0;
  /** The socket will tell when it has taken what it was given. */
  #isWatching = false;

  /** @param owner is told, after the turn's writes, when the socket has not taken enough */
  constructor(turn: Turn, socket: Socket, limit: number, owner: OutboxOwner) {
    this.#turn = turn;
    this.#socket = socket;
    this.limit = limit;
    this.#owner = owner;
  }

  overflow(): void {
    this.#owner.overflow();
  }

  get isCompressing(): boolean {
    return this.#socket.isCompressing;
  }

  /** Does its socket take what it is given later than at once? Known anew with each write: it may have taken all since. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Bytes that its socket was given so far. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Bytes that wait, or waited when all was dropped. */
  get waitedBytes(): number {
    return this.bufferedBytes + this.#droppedBytes;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes + this.#directBytes + (this.#backlog?.bytes ?? 0);
  }

  /** Is half of it free, and do so many bytes fit in? An empty one takes any frame. */
  hasRoomFor(bytes: number): boolean {
    const { bufferedBytes } = this;
    // What is deflated is small, and deflating it is not: no more of it in one turn than would go out as it is.
    if (this.#deflatedBytes > this.limit / 2) return false;
    return bufferedBytes <= this.limit / 2 && (bufferedBytes === 0 || bufferedBytes + bytes <= this.limit);
  }

  /** Tells it once, when it has room for so many bytes: at the end of this turn at the earliest. */
  whenRoomy(who: AwaitsRoom, bytes: number = 0): void {
    if (this.#isOver) return;
    this.#awaitRoom ??= new Map();
    this.#awaitRoom.set(who, bytes);
    if (!this.#isAdded) this.#lookForRoom();
  }

  /** It does not wait for that any more. */
  forgetRoom(who: AwaitsRoom): void {
    this.#awaitRoom?.delete(who);
  }

  /** Sends a frame to this connection alone. `isEssential`: it tells where the connection stands, and is never dropped. */
  push(frame: Frame, isEssential = false): void {
    if (this.#isOver) return;
    const bytes = this.isCompressing ? compressFrame(frame) : frame;
    if (bytes !== frame) this.#deflatedBytes += frame.length;
    const entry = new Entry(this.#turn.nextSequence(), bytes, undefined, undefined, undefined, isEssential);
    if (this.#direct === undefined) this.#direct = [entry];
    else this.#direct.push(entry);
    this.#grow(bytes.length);
  }

  /** Entries of a lane it leaves. */
  take(entries: readonly Entry[]): void {
    if (this.#isOver || entries.length === 0) return;
    const own = entries.map((entry) => entry.ownOfLeaver);
    this.#direct = [...(this.#direct ?? []), ...own].sort(bySequence);
    this.#grow(own.reduce((bytes, entry) => bytes + entry.frame.length, 0));
  }

  /** The turn ends, and a lane has something for it. */
  hear(lane: Lane): void {
    if (this.#isOver) return;
    if (this.#lane === undefined) this.#lane = lane;
    else (this.#moreLanes ??= []).push(lane);
    this.#add();
  }

  /** Writes what is due, or lets it wait. False where too much waits: then all is dropped, and all that follows. */
  flush(): boolean {
    this.#isAdded = false;
    const fits = this.#isOver || this.#deal();
    this.#direct = undefined;
    this.#directBytes = 0;
    this.#deflatedBytes = 0;
    this.#lane = undefined;
    this.#moreLanes = undefined;
    if (!fits) this.drop();
    else if (this.#awaitRoom !== undefined && this.#awaitRoom.size > 0) this.#lookForRoom();
    return fits;
  }

  /** Gives the socket all there is, and drops what follows. */
  end(): void {
    this.flush();
    this.#writeEntries(this.#backlog?.take(Number.POSITIVE_INFINITY));
    this.drop();
  }

  /** Drops what is due, and all that follows. */
  drop(): void {
    this.#isOver = true;
    this.#droppedBytes += this.#directBytes + (this.#backlog?.bytes ?? 0);
    this.#direct = undefined;
    this.#directBytes = 0;
    this.#backlog = undefined;
    this.#awaitRoom = undefined;
  }

  #grow(bytes: number): void {
    this.#directBytes += bytes;
    this.#add();
    // A turn that does not end must not fill it: then the turn's writes are made now, and the socket tells what it takes.
    if (this.bufferedBytes > this.limit) this.#turn.flush();
  }

  #add(): void {
    if (this.#isAdded) return;
    this.#isAdded = true;
    this.#turn.addOutbox(this);
  }

  #deal(): boolean {
    if (this.#backlog === undefined) {
      const bytes = this.#dueBytes();
      if (bytes === undefined) return true;
      const waiting = this.#socket.bufferedBytes;
      if (waiting === 0) this.#isBehind = false;
      // What is so much is not taken at once by anybody; should it never be, there may be no other write to find that out.
      if (waiting > 0 || bytes.length > WRITE_AHEAD) this.#fallBehind(waiting < this.#givenBytes);
      this.#givenBytes = waiting + bytes.length;
      if (waiting + bytes.length <= this.#writeAhead || (waiting === 0 && !this.#isDroppable)) {
        this.#write(bytes, this.#dueCount);
        return true;
      }
    }
    return this.#letWait(this.#dueEntries());
  }

  /** Is there anything in what is due that its channel may drop, or replace? */
  get #isDroppable(): boolean {
    return [this.#lane, ...(this.#moreLanes ?? [])].some((lane) => lane?.isDropping === true);
  }

  /** What is given to a socket that has not taken everything yet: what waits here can still be dropped. */
  get #writeAhead(): number {
    return Math.min(WRITE_AHEAD, this.limit / 2);
  }

  #letWait(entries: readonly Entry[]): boolean {
    const rest = this.#backlog === undefined ? this.#writeSome(entries) : entries;
    if (rest.length === 0) return true;
    this.#fallBehind(false);
    this.#backlog ??= new Backlog(this, this.limit, this.#turn.counters);
    for (const entry of rest) {
      // It has just fallen behind there: what follows, it will catch up with.
      if (entry.lane !== undefined && !entry.lane.has(this)) continue;
      if (!this.#backlog.add(entry, this.#socket.bufferedBytes)) return false;
    }
    this.#watch();
    return true;
  }

  /** Gives the socket as much as it takes, and a little ahead; what is left, waits. */
  #writeSome(entries: readonly Entry[]): readonly Entry[] {
    let from = 0;
    while (from < entries.length) {
      const waiting = this.#socket.bufferedBytes;
      let [to, bytes] = [from, 0];
      for (let next = entries[to]; next !== undefined; next = entries[to]) {
        const isFirst = waiting + bytes === 0;
        if (!isFirst && waiting + bytes + next.frame.length > this.#writeAhead) break;
        bytes += next.frame.length;
        to += 1;
      }
      if (to === from) break;
      this.#writeEntries(entries.slice(from, to));
      from = to;
    }
    return entries.slice(from);
  }

  #dueBytes(): Frame | undefined {
    const lane = this.#lane;
    if (lane === undefined) return this.#direct && joinFrames(this.#direct);
    if (this.#direct === undefined && this.#moreLanes === undefined) return lane.bytesFor(this);
    return joinFrames(this.#dueEntries());
  }

  /** How many messages are due. */
  get #dueCount(): number {
    const count = (this.#direct?.length ?? 0) + (this.#lane?.countFor(this) ?? 0);
    return this.#moreLanes === undefined
      ? count
      : this.#moreLanes.reduce((sum, lane) => sum + lane.countFor(this), count);
  }

  #dueEntries(): readonly Entry[] {
    const entries = [...(this.#direct ?? []), ...(this.#lane?.entriesFor(this) ?? [])];
    for (const more of this.#moreLanes ?? []) entries.push(...more.entriesFor(this));
    return entries.sort(bySequence);
  }

  #fallBehind(hasTaken: boolean): void {
    if (this.#isBehind && !hasTaken) return;
    this.#isBehind = true;
    this.#owner.fellBehind();
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#socket.afterTaken(() => {
      this.#isWatching = false;
      this.#writeOn();
    });
  }

  /** The socket has taken what it was given. */
  #writeOn(): void {
    if (this.#isOver) return;
    this.#writeEntries(this.#backlog?.take(WRITE_AHEAD));
    if (this.#backlog?.isEmpty === true) {
      this.#backlog = undefined;
      this.#isBehind = false;
    } else if (this.#backlog !== undefined) {
      this.#fallBehind(true);
      this.#watch();
    }
    if (this.#awaitRoom !== undefined && this.#awaitRoom.size > 0) this.#lookForRoom();
  }

  #lookForRoom(): void {
    if (this.#roomSeekers().length > 0) this.#turn.afterwards(() => this.#tellRoom());
    // What is due is written at the end of this turn, which looks again; a socket that has taken all would tell so at once.
    else if (!this.#isAdded) this.#watch();
  }

  #roomSeekers(): readonly AwaitsRoom[] {
    return [...(this.#awaitRoom ?? [])].flatMap(([who, bytes]) => (this.hasRoomFor(bytes) ? who : []));
  }

  #tellRoom(): void {
    const seekers = this.#roomSeekers();
    for (const who of seekers) this.#awaitRoom?.delete(who);
    for (const who of seekers) who.roomy();
    // It may have filled up meanwhile, and others may need more room than there is.
    if (this.#awaitRoom !== undefined && this.#awaitRoom.size > 0 && !this.#isAdded) this.#lookForRoom();
  }

  #writeEntries(entries: readonly Entry[] = []): void {
    const bytes = joinFrames(entries);
    if (bytes !== undefined) this.#write(bytes, entries.length);
  }

  #write(bytes: Frame, messages: number): void {
    this.#turn.counters.writes += 1;
    this.#turn.counters.messagesSent += messages;
    this.#turn.counters.bytesWritten += bytes.length;
    this.#writtenBytes += bytes.length;
    this.#socket.write(bytes);
  }
}

const WRITE_AHEAD = 64 * 1024;

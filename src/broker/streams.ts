import type { Limits } from "../protocol/limits.js";
import type {
  BrokerEvent,
  BrokerNode,
  HistoryPage,
  HistoryRange,
  Position,
  PresenceChange,
  Publication,
} from "./broker.js";
import { Stream, type StreamState } from "./stream.js";
import { type InUseOrder, UseOrder } from "./use-order.js";

/**
 * The streams of all channels of the memory broker, and who is told of what happens there.
 *
 * A stream lives as long as somebody listens or something is kept; without either its position is remembered for
 * `positionTtl`, and what is kept takes up `historyBytes` at most: the longest unused stream is forgotten.
 */
export class Streams {
  readonly #limits: Pick<Limits, "historyBytes" | "positionTtl">;
  /** Tells this life of the broker from any other. */
  #life: string;
  /** Streams that were forgotten so far. */
  #forgotten = 0;
  /** Streams so far that nobody remembers when they are over. */
  #unkept = 0;
  readonly #streams = new Map<string, LiveStream>();
  /** Those of which something is remembered: used is one that was published to, or lost its last listener. */
  readonly #remembered = new UseOrder<LiveStream>();
  #keptBytes = 0;
  /** What is told at present, and behind it what happened meanwhile. */
  readonly #untold: Untold[] = [];
  /** What happened so far, over all channels. */
  #serial = 0;

  constructor(limits: Pick<Limits, "historyBytes" | "positionTtl">, life: string) {
    this.#limits = limits;
    this.#life = life;
  }

  /** Goes on where others ended, before anything else is done here. */
  restore({ life, forgotten, unkept, streams }: StreamsState, nowMs: number): void {
    this.#life = life;
    this.#forgotten = forgotten;
    this.#unkept = unkept;
    for (const { channel, idleMs, ...state } of streams) {
      const stream = Stream.restored(state, nowMs);
      const live = liveStream(channel, stream, nowMs - idleMs);
      this.#streams.set(channel, live);
      this.#remembered.use(live);
      this.#keptBytes += stream.bytes;
    }
  }

  /** All that others need to go on with it. What is there only because somebody listens begins anew with who comes back. */
  state(nowMs: number): StreamsState {
    const streams = [...this.#streams.values()]
      .filter(({ stream, nodes }) => stream.bytes > 0 || nodes.size === 0)
      .sort((one, other) => one.usedAtMs - other.usedAtMs)
      .map(({ channel, stream, usedAtMs }) => {
        return { channel, idleMs: nowMs - usedAtMs, ...this.#stateOf(stream, nowMs) };
      });
    return { life: this.#life, forgotten: this.#forgotten, unkept: this.#unkept, streams };
  }

  publish(publication: Publication, nowMs: number): Position {
    const { channel } = publication;
    let live = this.#streams.get(channel);
    if (live === undefined) {
      // Nobody listens and nothing is kept: there is no stream that could go on.
      if (publication.keep === undefined && publication.key === undefined)
        return { epoch: this.#nextOwnEpoch(), offset: 1 };
      live = this.#begin(channel, publication.keep !== undefined, nowMs);
    }
    const { stream } = live;
    const before = stream.bytes;
    const repeat = stream.findRepeat(publication, nowMs);
    if (repeat !== undefined) {
      // Looking for it has forgotten what was over.
      this.#keptBytes += stream.bytes - before;
      return repeat;
    }
    const event = stream.append(publication, nowMs);
    this.#keptBytes += stream.bytes - before;
    this.#use(live, nowMs);
    this.#announce(live, event, (node) => node.deliver(event));
    this.#forget(nowMs);
    return { epoch: event.epoch, offset: event.offset };
  }

  read(channel: string, range: HistoryRange, node: BrokerNode, nowMs: number): HistoryPage {
    const live = this.#streams.get(channel);
    if (live === undefined) return { epoch: this.#epoch, offset: 0, events: [], isComplete: true };
    const untold = this.#firstUntold(live, node);
    if (untold === undefined) return this.#read(live, range, nowMs);
    // For this node the stream ends there as yet.
    const before = Math.min(range.before ?? untold.offset, untold.offset);
    return { ...this.#read(live, { ...range, before }, nowMs), offset: untold.offset - 1 };
  }

  subscribe(channel: string, isKept: boolean, node: BrokerNode, nowMs: number): Position {
    const live = this.#streams.get(channel) ?? this.#begin(channel, isKept, nowMs);
    live.nodes.set(node, this.#serial);
    return live.stream.position;
  }

  unsubscribe(channel: string, node: BrokerNode, nowMs: number): void {
    const live = this.#streams.get(channel);
    if (live === undefined || !live.nodes.delete(node) || live.nodes.size > 0) return;
    this.#use(live, nowMs);
    this.#forget(nowMs);
  }

  /** It listens to nothing any more. */
  unsubscribeAll(node: BrokerNode, nowMs: number): void {
    for (const [channel, { nodes }] of [...this.#streams]) {
      if (nodes.has(node)) this.unsubscribe(channel, node, nowMs);
    }
  }

  /** Tells those who listen to the channel. */
  announceChange(change: PresenceChange): void {
    const live = this.#streams.get(change.channel);
    if (live !== undefined) this.#announce(live, undefined, (node) => node.meet(change));
  }

  #stateOf(stream: Stream, nowMs: number): StreamState {
    const before = stream.bytes;
    const state = stream.state(nowMs);
    this.#keptBytes += stream.bytes - before;
    return state;
  }

  #read({ stream }: LiveStream, range: HistoryRange, nowMs: number): HistoryPage {
    const before = stream.bytes;
    const page = stream.read(range, nowMs);
    this.#keptBytes += stream.bytes - before;
    return page;
  }

  #begin(channel: string, isKept: boolean, nowMs: number): LiveStream {
    const stream = new Stream(isKept ? this.#epoch : this.#nextOwnEpoch());
    const live = liveStream(channel, stream, nowMs);
    this.#streams.set(channel, live);
    return live;
  }

  /** Puts it behind all others: it is the shortest unused. */
  #use(live: LiveStream, nowMs: number): void {
    live.usedAtMs = nowMs;
    if (live.stream.bytes > 0) {
      this.#remembered.use(live);
      return;
    }
    this.#remembered.delete(live);
    if (live.nodes.size === 0) this.#streams.delete(live.channel);
  }

  /** What nobody listens to is forgotten when its time is over, and the longest unused where too much is kept. */
  #forget(nowMs: number): void {
    const { historyBytes, positionTtl } = this.#limits;
    for (let { oldest } = this.#remembered; oldest !== undefined; { oldest } = this.#remembered) {
      if (oldest.usedAtMs + positionTtl > nowMs) break;
      if (oldest.nodes.size === 0) this.#drop(oldest);
      // Looked at again when as much time has passed.
      else this.#use(oldest, nowMs);
    }
    for (let { oldest } = this.#remembered; oldest !== undefined; { oldest } = this.#remembered) {
      if (this.#keptBytes <= historyBytes) return;
      this.#drop(oldest);
    }
  }

  #drop(live: LiveStream): void {
    const { channel, stream, nodes } = live;
    this.#keptBytes -= stream.bytes;
    this.#remembered.delete(live);
    this.#forgotten += 1;
    stream.restart(this.#epoch);
    const { position } = stream;
    if (nodes.size === 0) this.#streams.delete(channel);
    else this.#announce(live, undefined, (node) => node.skip(channel, position));
  }

  #announce(live: LiveStream, event: BrokerEvent | undefined, tell: (node: BrokerNode) => void): void {
    this.#serial += 1;
    this.#untold.push({ live, event, tell, serial: this.#serial });
    // What happens while something is told is told after it, so that everyone has one order.
    if (this.#untold.length === 1) this.#tell();
  }

  #tell(): void {
    for (let next = this.#untold[0]; next !== undefined; next = this.#untold[0]) {
      const { live, tell, serial } = next;
      try {
        for (const [node, since] of live.nodes) {
          // Who came while it waited to be told was given what is behind it.
          if (serial <= since) continue;
          live.nodes.set(node, serial);
          tell(node);
        }
      } finally {
        this.#untold.shift();
      }
    }
  }

  /** The first event of the stream that was published while something is told, and that this node is to hear yet. */
  #firstUntold(live: LiveStream, node: BrokerNode): Position | undefined {
    const since = live.nodes.get(node) ?? 0;
    const { epoch } = live.stream.position;
    return this.#untold.find((each) => each.live === live && each.serial > since && each.event?.epoch === epoch)?.event;
  }

  /** Of a stream that nobody remembers when it is over. */
  #nextOwnEpoch(): string {
    this.#unkept += 1;
    return `${this.#life}-x${this.#unkept.toString(36)}`;
  }

  /**
   * Of a stream that begins now and is kept. It is another one as soon as anything was forgotten; until then a channel on
   * which nothing was said has the same place for who comes back to it, though nobody has remembered it.
   */
  get #epoch(): string {
    return `${this.#life}-${this.#forgotten.toString(36)}`;
  }
}

/** As it is handed on to another broker, as JSON has it: the longest unused first. */
export interface StreamsState {
  readonly life: string;
  readonly forgotten: number;
  readonly unkept: number;
  readonly streams: readonly (StreamState & { readonly channel: string; readonly idleMs: number })[];
}

/** One channel, while somebody listens to it or something of it is remembered. */
interface LiveStream extends InUseOrder<LiveStream> {
  readonly channel: string;
  readonly stream: Stream;
  /** Who listens → the serial of what it was told last, or of what had happened when it began to. */
  readonly nodes: Map<BrokerNode, number>;
  usedAtMs: number;
}

function liveStream(channel: string, stream: Stream, usedAtMs: number): LiveStream {
  return { channel, stream, nodes: new Map(), usedAtMs, older: undefined, newer: undefined };
}

/** Something that happened on a channel. */
interface Untold {
  readonly live: LiveStream;
  /** Undefined: it is no event. */
  readonly event: BrokerEvent | undefined;
  readonly tell: (node: BrokerNode) => void;
  readonly serial: number;
}

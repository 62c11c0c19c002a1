import type {
  BrokerEvent,
  BrokerNode,
  HistoryPage,
  HistoryRange,
  Members,
  Position,
  PresentMember,
} from "../../src/broker/broker.js";
import { cutToBytes } from "../../src/broker/page-bytes.js";
import { createGate, type Gate } from "./gate.js";
import { RecordingLink } from "./recording-link.js";

/** What a test can hold back. */
type Asked = "read" | "subscribe" | "members";

/**
 * A link to one channel, `chat/lobby`, whose stream is what a test says. Answers at once, as a broker of this process
 * does, but for what is held back.
 */
export class StreamLink extends RecordingLink {
  /** How many events are kept. */
  size = 100;
  /** Does it answer a turn of the event loop later, as one behind a network does? */
  isFar = false;
  /** What was to be read. */
  readonly ranges: HistoryRange[] = [];
  readonly #node: BrokerNode;
  #epoch = "e1";
  #offset = 0;
  #kept: BrokerEvent[] = [];
  #roster: PresentMember[] = [];
  readonly #holds: Hold[] = [];

  constructor(node: BrokerNode) {
    super();
    this.#node = node;
  }

  /** Tells of the next events, as many as asked for. Each says its number. */
  say(count = 1, more: Partial<BrokerEvent> = {}): void {
    for (let each = 0; each < count; each += 1) this.tell(this.store(more));
  }

  /** An event that this process is not told of yet. */
  store(more: Partial<BrokerEvent> = {}): BrokerEvent {
    this.#offset += 1;
    const payloadJson = JSON.stringify({ n: this.#offset });
    const about = { channel: "chat/lobby", type: "said", payloadJson, except: undefined };
    const event = { ...about, epoch: this.#epoch, offset: this.#offset, ...more };
    this.#kept = [...this.#kept, event].slice(-this.size);
    return event;
  }

  tell(event: BrokerEvent): void {
    this.#node.deliver(event);
  }

  /** The stream is lost, and begins anew. */
  restart(epoch: string): void {
    this.#epoch = epoch;
    this.#offset = 0;
    this.#kept = [];
  }

  /** Only so many of the events are still kept. */
  cut(size: number): void {
    this.#kept = size === 0 ? [] : this.#kept.slice(-size);
  }

  /** Somebody is present from now on. */
  meet(...ids: string[]): void {
    const joined = ids.map((id) => ({ id, faceJson: JSON.stringify({ id }) }));
    this.#roster = [...this.#roster, ...joined];
    this.#node.meet({ channel: "chat/lobby", joined, left: [], count: this.#roster.length });
  }

  part(...ids: string[]): void {
    const left = this.#roster.filter(({ id }) => ids.includes(id));
    this.#roster = this.#roster.filter(({ id }) => !ids.includes(id));
    this.#node.meet({ channel: "chat/lobby", joined: [], left, count: this.#roster.length });
  }

  /** The same, and this process is told only that something has changed. */
  meetUnheard(...ids: string[]): void {
    this.#roster = [...this.#roster, ...ids.map((id) => ({ id, faceJson: JSON.stringify({ id }) }))];
    this.#node.meetAnew("chat/lobby");
  }

  /** The next call of this name is answered when the gate is opened, with what was so before the wait, or after it. */
  hold(what: Asked, when: Hold["when"] = "before"): Gate {
    const gate = createGate();
    this.#holds.push({ what, when, gate });
    return gate;
  }

  override read(channel: string, range: HistoryRange): HistoryPage | Promise<HistoryPage> {
    this.ranges.push(range);
    return this.#answer("read", channel, () => this.#page(range));
  }

  override subscribe(channel: string): Position | Promise<Position> {
    return this.#answer("subscribe", channel, () => ({ epoch: this.#epoch, offset: this.#offset }));
  }

  override members(channel: string, limit: number): Members | Promise<Members> {
    const found = () => ({ members: this.#roster.slice(0, limit), count: this.#roster.length });
    return this.#answer("members", channel, found);
  }

  #answer<Result>(what: Asked, channel: string, find: () => Result): Result | Promise<Result> {
    this.asked.push(`${what} ${channel}`);
    const failure = this.answers[what]?.shift();
    if (failure !== undefined) return failure;
    const hold = this.#holds.find((each) => each.what === what);
    if (hold === undefined) return this.isFar ? nextTurn().then(find) : find();
    this.#holds.splice(this.#holds.indexOf(hold), 1);
    if (hold.when === "after") return hold.gate.opened.then(find);
    const found = find();
    return hold.gate.opened.then(() => found);
  }

  #page({ after, before = Number.POSITIVE_INFINITY, limit, bytes }: HistoryRange): HistoryPage {
    const wanted = this.#kept.filter(({ offset }) => offset > (after ?? 0) && offset < before);
    const found = after === undefined ? wanted.slice(Math.max(0, wanted.length - limit)) : wanted.slice(0, limit);
    const events = cutToBytes(found, { after, bytes });
    const end = Math.min(this.#offset, before - 1);
    const oldest = this.#kept[0]?.offset ?? Number.POSITIVE_INFINITY;
    const isComplete = after === undefined || after >= end || oldest <= after + 1;
    return { epoch: this.#epoch, offset: this.#offset, events, isComplete };
  }
}

interface Hold {
  readonly what: Asked;
  readonly when: "before" | "after";
  readonly gate: Gate;
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

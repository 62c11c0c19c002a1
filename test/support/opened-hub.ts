import type { BrokerEvent, BrokerLink, BrokerNode } from "../../src/broker/broker.js";
import type { Authenticated } from "../../src/declare/credential.js";
import { encodeTextFrame } from "../../src/delivery/frame.js";
import { Hub, type HubOptions, type Member } from "../../src/hub/hub.js";
import type { Arrival } from "../../src/hub/membership.js";
import { fieldsOf } from "../../src/hub/watchers.js";
import { encodeSubscribed } from "../../src/protocol/encode-message.js";
import { defaultLimits } from "../../src/protocol/limits.js";
import { FakeClock } from "../../src/testing/fake-clock.js";
import { type Opened, RecordingTurn } from "./recording-turn.js";

/** A member of a hub that keeps what is done to it. */
export interface TestMember extends Member, Pick<Opened, "socket"> {
  readonly closes: [number, string][];
  papers: readonly Authenticated[];
  /** How often it was expelled. */
  expelled: number;
  /** How often its outbox was too full. */
  overflows: number;
  /** What it was sent, in few words, such as `on e1:3`, `4`, `gap e1:7`, `+ana`. */
  readonly heard: readonly string[];
}

export interface MemberOptions {
  readonly user?: string | undefined;
  readonly papers?: readonly Authenticated[] | undefined;
  /** Bytes of its outbox. */
  readonly outbox?: number | undefined;
}

/** An arrival as the members of these hubs are told of it. */
export function welcome({ position, recovered, members, stateJson }: Arrival): Buffer {
  const fields = members && fieldsOf(members, MAX_MEMBERS);
  return encodeTextFrame(encodeSubscribed({ channel: "chat/lobby", ...position, recovered, stateJson, ...fields }));
}

const SETTLING_TURNS = 20;

/** So many are told one by one. */
const MAX_MEMBERS = 3;

/** A hub whose turn ends, and whose time passes, when a test says so. */
export class OpenedHub<Link extends BrokerLink> {
  readonly hub: Hub;
  readonly link: Link;
  /** What the broker tells. */
  readonly node: BrokerNode;
  readonly recording: RecordingTurn;
  readonly clock: FakeClock;
  /** What `onError` was told, such as `["unsubscribe", "Error: away"]`. */
  readonly errors: [string, string][];
  #offset = 0;

  static async open<Link extends BrokerLink>(
    connect: (node: BrokerNode) => Link | Promise<Link>,
    options: Partial<HubOptions> = {},
  ): Promise<OpenedHub<Link>> {
    const recording = new RecordingTurn();
    const clock = new FakeClock();
    const errors: [string, string][] = [];
    let connected: { readonly node: BrokerNode; readonly link: Link } | undefined;
    const hub = await Hub.open(
      async (node) => {
        const link = await connect(node);
        connected = { node, link };
        return link;
      },
      {
        turn: recording.turn,
        counters: recording.counters,
        limits: { ...defaultLimits, members: MAX_MEMBERS, historyPage: 4 },
        presenceGraceMs: defaultLimits.presenceGrace,
        after: (ms, run) => clock.after(ms, run),
        loadState: ({ snapshot }, params) => snapshot?.({ params }),
        onError: (error, during) => errors.push([during, String(error)]),
        maxRevocations: 10,
        onForgotten: () => {},
        onAway: () => {},
        onBack: () => {},
        ...options,
      },
    );
    if (connected === undefined) throw new Error("A hub that is open has connected.");
    return new OpenedHub(hub, connected.link, connected.node, recording, clock, errors);
  }

  private constructor(
    hub: Hub,
    link: Link,
    node: BrokerNode,
    recording: RecordingTurn,
    clock: FakeClock,
    errors: [string, string][],
  ) {
    this.hub = hub;
    this.link = link;
    this.node = node;
    this.recording = recording;
    this.clock = clock;
    this.errors = errors;
  }

  /** A connection that has not entered yet. */
  member(id: string, { user, papers = [], outbox = 1 << 20 }: MemberOptions = {}): TestMember {
    const member: TestMember = {
      ...this.recording.open({ limit: outbox, overflow: () => (member.overflows += 1) }),
      id,
      user: user === undefined ? undefined : { id: user },
      memberships: undefined,
      presentAs: user === undefined ? `connection ${id}` : `user ${user}`,
      mayReturn: user !== undefined,
      faceOn: () => JSON.stringify({ id: user ?? id }),
      closes: [],
      close: (code, reason) => member.closes.push([code, reason]),
      papers,
      expelled: 0,
      expel: () => {
        member.expelled += 1;
      },
      overflows: 0,
      get heard() {
        return member.socket.texts.map(toWords);
      },
    };
    return member;
  }

  /** What was begun is done, as far as it waits neither for a socket nor for a clock or a gate: turn after turn. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < SETTLING_TURNS; turn += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      this.recording.end();
    }
  }

  /** The broker tells of the next event of `chat/lobby`. */
  deliver(event: Partial<BrokerEvent> = {}): void {
    this.#offset = event.offset ?? this.#offset + 1;
    this.node.deliver({
      channel: "chat/lobby",
      type: "said",
      payloadJson: '{"text":"hi"}',
      except: undefined,
      epoch: "e1",
      offset: this.#offset,
      ...event,
    });
  }
}

function toWords(text: string): string {
  const { type, payload } = JSON.parse(text) as { readonly type: string; readonly payload: Told };
  switch (type) {
    case "subscribed":
      return ["on", ...aboutPosition(payload)].join(" ");
    case "gap":
      return ["gap", ...aboutPosition(payload)].join(" ");
    case "presence":
      return aboutMembers(payload).join(" ");
    default:
      return String(payload.n ?? payload.text);
  }
}

interface Told {
  readonly n?: number;
  readonly text?: string;
  readonly epoch?: string;
  readonly offset?: number;
  readonly recovered?: boolean;
  readonly state?: unknown;
  readonly members?: readonly { readonly id: string }[];
  readonly joined?: readonly { readonly id: string }[];
  readonly left?: readonly { readonly id: string }[];
  readonly count?: number;
}

function aboutPosition(told: Told): string[] {
  const { epoch, offset, recovered, state } = told;
  const words: string[] = [];
  if (epoch !== undefined) words.push(`${epoch}:${offset}`);
  if (recovered !== undefined) words.push(recovered ? "recovered" : "lost");
  if (state !== undefined) words.push(`state=${JSON.stringify(state)}`);
  return [...words, ...aboutMembers(told)];
}

function aboutMembers({ members, joined = [], left = [], count }: Told): string[] {
  const words = [...joined.map(({ id }) => `+${id}`), ...left.map(({ id }) => `-${id}`)];
  if (members !== undefined) words.push(`members=${members.map(({ id }) => id).join()}`);
  if (count !== undefined) words.push(`count=${count}`);
  return words;
}

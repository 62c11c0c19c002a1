/** A message of a server, as far as it is read here. */
export interface Heard {
  readonly type: string;
  readonly payload: unknown;
  readonly id?: unknown;
  readonly channel?: string | undefined;
  readonly offset?: number | undefined;
}

/** How a connection stands on a channel. */
export interface Standing {
  readonly name: string;
  readonly isOn: boolean;
  /** When the server said yes to our own `subscribe`; undefined where it was the server's doing. */
  readonly askedAtMs: number | undefined;
  /** Of a channel with history. */
  readonly epoch: string | undefined;
  readonly offset: number | undefined;
  /** Where it was said since when. */
  readonly recovered: boolean | undefined;
  /** What a snapshot gave. */
  readonly state: { readonly value: unknown } | undefined;
  /** By id; undefined where nobody asked. */
  readonly members: ReadonlyMap<string, unknown> | undefined;
  /** Where there are more than are told one by one. */
  readonly memberCount: number | undefined;
  readonly events: number;
  readonly gaps: number;
  readonly lastGapAtMs: number | undefined;
  /** Why the server took it off. */
  readonly takenOff: string | undefined;
}

/** The channels of one connection, from what the server said of them. */
export class ChannelBook {
  readonly #limit: number;
  readonly #standings = new Map<string, Standing>();
  readonly #tasks = new Set<string>();

  constructor(limit = 200) {
    this.#limit = limit;
  }

  get standings(): readonly Standing[] {
    return [...this.#standings.values()];
  }

  find(name: string): Standing | undefined {
    return this.#standings.get(name);
  }

  /** Is it the id of a task that was heard of? */
  hasTask(id: unknown): boolean {
    return typeof id === "string" && this.#tasks.has(id);
  }

  hear(message: Heard, nowMs: number): void {
    const { channel: name, type } = message;
    if (typeof name !== "string" || type === "error") return;
    const before = this.#standings.get(name) ?? { ...unknownStanding, name };
    // What is heard of most goes last: the first is the one to forget.
    this.#standings.delete(name);
    this.#standings.set(name, after(before, message, nowMs));
    const [oldest] = this.#standings.keys();
    if (this.#standings.size > this.#limit && oldest !== undefined) this.#standings.delete(oldest);
    if (type.startsWith("task_")) this.#hearTask(Object(message.payload).task);
  }

  #hearTask(id: unknown): void {
    if (typeof id !== "string") return;
    this.#tasks.delete(id);
    this.#tasks.add(id);
    const [oldest] = this.#tasks;
    if (this.#tasks.size > this.#limit && oldest !== undefined) this.#tasks.delete(oldest);
  }
}

/** What may be there, and is looked at before it is used. */
type Fields = Readonly<Record<string, unknown>>;

const unknownStanding: Omit<Standing, "name"> = {
  isOn: false,
  askedAtMs: undefined,
  epoch: undefined,
  offset: undefined,
  recovered: undefined,
  state: undefined,
  members: undefined,
  memberCount: undefined,
  events: 0,
  gaps: 0,
  lastGapAtMs: undefined,
  takenOff: undefined,
};

function after(before: Standing, { type, payload: given, offset, id }: Heard, nowMs: number): Standing {
  const payload: Fields = Object(given);
  switch (type) {
    case "subscribed":
      return {
        ...unknownStanding,
        name: before.name,
        isOn: true,
        askedAtMs: id === undefined ? undefined : nowMs,
        ...positionOf(payload),
        recovered: typeof payload.recovered === "boolean" ? payload.recovered : undefined,
        state: stateOf(payload),
        ...membersOf(unknownStanding, payload),
      };
    case "unsubscribed":
      return { ...before, isOn: false, members: undefined, memberCount: undefined, takenOff: textOf(payload.code) };
    case "gap": {
      const state = stateOf(payload) ?? before.state;
      return { ...before, isOn: true, ...positionOf(payload), state, gaps: before.gaps + 1, lastGapAtMs: nowMs };
    }
    case "presence":
    case "reply":
      return { ...before, ...membersOf(before, payload) };
    default:
      return { ...before, isOn: true, offset: offset ?? before.offset, events: before.events + 1 };
  }
}

function positionOf({ epoch, offset }: Fields): Pick<Standing, "epoch" | "offset"> {
  return { epoch: textOf(epoch), offset: typeof offset === "number" ? offset : undefined };
}

function stateOf(payload: Fields): Standing["state"] {
  return "state" in payload ? { value: payload.state } : undefined;
}

type Members = Pick<Standing, "members" | "memberCount">;

/** `members` is all of them; of a change `left` counts before `joined` (PROTOCOL.md, What a server sends). */
function membersOf(before: Members, payload: Fields): Members {
  const { members, joined, left, count } = payload;
  const memberCount = typeof count === "number" ? count : undefined;
  if (Array.isArray(members)) return { members: new Map(members.map(byId)), memberCount };
  if (!Array.isArray(joined) && !Array.isArray(left))
    return memberCount === undefined
      ? { members: before.members, memberCount: before.memberCount }
      : { members: new Map(), memberCount };
  const now = new Map(before.members);
  for (const [id] of Array.isArray(left) ? left.map(byId) : []) now.delete(id);
  for (const [id, member] of Array.isArray(joined) ? joined.map(byId) : []) now.set(id, member);
  return { members: now, memberCount };
}

function byId(member: unknown): readonly [string, unknown] {
  return [String(Object(member).id), member];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

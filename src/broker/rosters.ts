import type { Members, PresenceChange, PresentMember } from "./broker.js";

/**
 * Who is present on which channel, and at which processes they are, in the order they joined.
 *
 * A member is one however many processes have it, and looks as it did when it joined. What nobody is present on any more
 * leaves nothing behind.
 */
export class Rosters<Process> {
  readonly #channels = new Map<string, Map<string, Attendee<Process>>>();

  /** Channels that somebody is present on. */
  get size(): number {
    return this.#channels.size;
  }

  /** The process has it from now on. True where it has joined: no process had it. */
  attend(channel: string, member: PresentMember, process: Process): boolean {
    const roster = this.#channels.get(channel) ?? new Map<string, Attendee<Process>>();
    this.#channels.set(channel, roster);
    const known = roster.get(member.id);
    if (known === undefined) roster.set(member.id, { member, processes: new Set([process]) });
    else known.processes.add(process);
    return known === undefined;
  }

  /** The process does not have it any more. The member where it has left: no process has it. */
  withdraw(channel: string, id: string, process: Process): PresentMember | undefined {
    const roster = this.#channels.get(channel);
    const known = roster?.get(id);
    if (roster === undefined || known === undefined) return undefined;
    known.processes.delete(process);
    if (known.processes.size > 0) return undefined;
    roster.delete(id);
    if (roster.size === 0) this.#channels.delete(channel);
    return known.member;
  }

  /** The process is gone. Who has left with it, by channel. */
  withdrawAll(process: Process): PresenceChange[] {
    const changes: PresenceChange[] = [];
    for (const [channel, roster] of [...this.#channels]) {
      const left = [...roster.keys()].flatMap((id) => this.withdraw(channel, id, process) ?? []);
      if (left.length > 0) changes.push({ channel, joined: [], left, count: this.count(channel) });
    }
    return changes;
  }

  /** How many are there. */
  count(channel: string): number {
    return this.#channels.get(channel)?.size ?? 0;
  }

  /** The first `limit` to have joined of those who are there. */
  members(channel: string, limit: number): Members {
    const roster = this.#channels.get(channel);
    const members: PresentMember[] = [];
    for (const { member } of roster?.values() ?? []) {
      if (members.length >= limit) break;
      members.push(member);
    }
    return { members, count: this.count(channel) };
  }
}

interface Attendee<Process> {
  readonly member: PresentMember;
  readonly processes: Set<Process>;
}

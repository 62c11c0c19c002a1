import { type Eventually, whenThere } from "../base/eventually.js";
import type { Members, PresenceChange, PresentMember } from "../broker/broker.js";
import { encodeTextFrame } from "../delivery/frame.js";
import { Lane, type LaneOwner } from "../delivery/lane.js";
import type { AwaitsRoom, Outbox } from "../delivery/outbox.js";
import type { Turn } from "../delivery/turn.js";
import { encodePresence, type MemberFields } from "../protocol/encode-message.js";

export interface WatchersOptions {
  readonly channel: string;
  readonly turn: Turn;
  /** Members that are told one by one; of more only the count. */
  readonly maxMembers: number;
  readonly read: (limit: number) => Eventually<Members>;
  readonly onError: (error: unknown, during: string) => void;
}

/**
 * Who is told of a channel's members. What changes within a turn is told as one difference, the same for all.
 *
 * Whose outbox is full is told all anew when half of it is free.
 */
export class Watchers {
  readonly #options: WatchersOptions;
  readonly #lane: Lane;
  /** Since the last difference was told. */
  readonly #joined = new Map<string, PresentMember>();
  readonly #left = new Map<string, PresentMember>();
  #count = 0;
  /** Were they too many to be told one by one? */
  #isCrowded = false;
  #isDue = false;
  /** What changed while the members are being read. */
  readonly #readings = new Set<PresenceChange[]>();
  #changes = 0;

  constructor(options: WatchersOptions) {
    this.#options = options;
    this.#lane = new Lane(options.turn, "catch-up");
  }

  has(outbox: Outbox): boolean {
    return this.#lane.has(outbox);
  }

  /** Who is there now; from then on it is told of changes. */
  add(outbox: Outbox): Eventually<Members> {
    return whenThere(this.read(), (members) => {
      this.#lane.add(outbox, this.#ownerOf(outbox));
      return members;
    });
  }

  /** Who is there now. */
  read(): Eventually<Members> {
    const { read, maxMembers } = this.#options;
    const meanwhile: PresenceChange[] = [];
    this.#readings.add(meanwhile);
    // It is a reading until it is over, however it ends.
    const isOver = () => this.#readings.delete(meanwhile);
    try {
      const members = whenThere(read(maxMembers), (found) => {
        isOver();
        return withChanges(found, meanwhile);
      });
      if (members instanceof Promise) members.catch(isOver);
      return members;
    } catch (error) {
      isOver();
      throw error;
    }
  }

  delete(outbox: Outbox): void {
    this.#lane.delete(outbox);
  }

  /** Tells one of them all anew. */
  show(outbox: Outbox): void {
    if (!this.has(outbox)) return;
    this.#tellAll((fields) => outbox.push(this.#encode(fields), true));
  }

  /** Tells everybody all anew. */
  showEverybody(): void {
    if (this.#lane.size > 0) this.#tellAll((fields) => this.#push(fields));
  }

  changed(change: PresenceChange): void {
    for (const reading of this.#readings) reading.push(change);
    this.#count = change.count;
    if (this.#lane.size === 0) return;
    for (const member of change.joined) {
      this.#left.delete(member.id);
      this.#joined.set(member.id, member);
    }
    for (const member of change.left) {
      // Who comes and goes in one turn was there before, for all that its watchers know.
      this.#joined.delete(member.id);
      this.#left.set(member.id, member);
    }
    if (this.#isDue) return;
    this.#isDue = true;
    this.#options.turn.atEnd(() => this.#tell());
  }

  #tell(): void {
    this.#isDue = false;
    const joined = [...this.#joined.values()];
    const left = [...this.#left.values()];
    this.#joined.clear();
    this.#left.clear();
    const wasCrowded = this.#isCrowded;
    this.#isCrowded = this.#count > this.#options.maxMembers;
    if (this.#isCrowded) this.#push({ count: this.#count });
    // They know nobody by name.
    else if (wasCrowded) this.showEverybody();
    else {
      this.#push({
        ...(joined.length > 0 && { joinedJson: joined.map(faceOf) }),
        ...(left.length > 0 && { leftJson: left.map(faceOf) }),
      });
    }
  }

  #tellAll(tell: (fields: MemberFields) => void): void {
    const use = (members: Members) => tell(fieldsOf(members, this.#options.maxMembers));
    try {
      const told = whenThere(this.read(), use);
      if (told instanceof Promise) told.catch((error: unknown) => this.#options.onError(error, "presence"));
    } catch (error) {
      this.#options.onError(error, "presence");
    }
  }

  #push(fields: MemberFields): void {
    this.#changes += 1;
    this.#lane.push(this.#encode(fields), undefined, { epoch: "", offset: this.#changes });
  }

  #encode(fields: MemberFields): Buffer {
    return encodeTextFrame(encodePresence({ channel: this.#options.channel, ...fields }));
  }

  /** Back on the lane first, so that no change is missed while all is read. */
  #ownerOf(outbox: Outbox): LaneOwner & AwaitsRoom {
    const owner = {
      fellBehind: () => outbox.whenRoomy(owner),
      roomy: () => {
        this.#lane.add(outbox, owner);
        this.show(outbox);
      },
    };
    return owner;
  }
}

/** Of too many only the count. */
export function fieldsOf({ members, count }: Members, maxMembers: number): MemberFields {
  return count > maxMembers ? { count } : { membersJson: members.map(faceOf) };
}

function faceOf({ faceJson }: PresentMember): string {
  return faceJson;
}

/** What changed while they were read may be in them or not: the last that happened to each counts. */
function withChanges(found: Members, changes: readonly PresenceChange[]): Members {
  if (changes.length === 0) return found;
  const members = new Map(found.members.map((member) => [member.id, member]));
  for (const { joined, left } of changes) {
    for (const member of joined) members.set(member.id, member);
    for (const { id } of left) members.delete(id);
  }
  return { members: [...members.values()], count: changes.at(-1)?.count ?? found.count };
}

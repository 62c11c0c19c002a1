import { type Eventually, isPending, whenThere } from "../base/eventually.js";
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
  readonly #watching = new Map<Outbox, Watcher>();
  /** Since the last difference was told. */
  readonly #joined = new Map<string, PresentMember>();
  readonly #left = new Map<string, PresentMember>();
  #count = 0;
  /** Was anybody told only how many they are, because they were too many? */
  #isCrowded = false;
  #isDue = false;
  /** What changed while the members are being read. */
  readonly #readings = new Set<PresenceChange[]>();
  #changes = 0;

  constructor(options: WatchersOptions) {
    this.#options = options;
    this.#lane = new Lane(options.turn, "catch-up");
  }

  /** Does it watch, be it that it is still asked who is there, or that its outbox is full? */
  has(outbox: Outbox): boolean {
    return this.#watching.has(outbox);
  }

  /** Who is there now; from then on it is told of changes. */
  add(outbox: Outbox): Eventually<Members> {
    const watcher = this.#watcherOf(outbox);
    this.#watching.set(outbox, watcher);
    // It may have gone meanwhile.
    const isStill = () => this.#watching.get(outbox) === watcher;
    return unlessFailed(
      () =>
        whenThere(this.read(), (members) => {
          if (!isStill()) return members;
          this.#lane.add(outbox, watcher);
          this.#noteCrowd(members);
          return members;
        }),
      () => isStill() && this.#watching.delete(outbox),
    );
  }

  /** Who is there now. */
  read(): Eventually<Members> {
    const { read, maxMembers } = this.#options;
    const meanwhile: PresenceChange[] = [];
    this.#readings.add(meanwhile);
    // It is a reading until it is over, however it ends.
    const isOver = () => this.#readings.delete(meanwhile);
    return unlessFailed(
      () =>
        whenThere(read(maxMembers), (found) => {
          isOver();
          const members = withChanges(found, meanwhile);
          // They were too many to be told one by one, and are not any more.
          const isPart = found.members.length < found.count && members.count <= maxMembers;
          return isPart ? this.read() : members;
        }),
      isOver,
    );
  }

  delete(outbox: Outbox): void {
    const watcher = this.#watching.get(outbox);
    if (watcher === undefined) return;
    this.#watching.delete(outbox);
    outbox.forgetRoom(watcher);
    this.#lane.delete(outbox);
  }

  /** Tells one of them all anew. */
  show(outbox: Outbox): void {
    if (!this.#lane.has(outbox)) return;
    this.#tellAll((fields) => {
      // Whoever fell behind meanwhile is shown them later.
      if (this.#lane.has(outbox)) outbox.push(this.#encode(fields), true);
    });
  }

  /** Tells everybody all anew. */
  showEverybody(): void {
    if (this.#lane.size > 0) this.#tellAll((fields) => this.#push(fields));
  }

  changed(change: PresenceChange): void {
    for (const reading of this.#readings) reading.push(change);
    this.#count = change.count;
    // Who comes back in this turn must not be told of what was said before.
    if (this.#lane.size === 0 && !this.#isDue) return;
    for (const member of change.joined) {
      // Back with another face it is told as both: `left` counts before `joined`.
      if (this.#left.get(member.id)?.faceJson === member.faceJson) this.#left.delete(member.id);
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
    const use = (members: Members) => {
      this.#noteCrowd(members);
      tell(fieldsOf(members, this.#options.maxMembers));
    };
    try {
      const told = whenThere(this.read(), use);
      if (isPending(told)) told.catch((error: unknown) => this.#options.onError(error, "presence"));
    } catch (error) {
      this.#options.onError(error, "presence");
    }
  }

  #push(fields: MemberFields): void {
    // They may have gone in this turn.
    if (this.#lane.size === 0) return;
    this.#changes += 1;
    this.#lane.push(this.#encode(fields), undefined, { epoch: "", offset: this.#changes });
  }

  #encode(fields: MemberFields): Buffer {
    return encodeTextFrame(encodePresence({ channel: this.#options.channel, ...fields }));
  }

  /** Somebody is told only how many they are, and so can't be told a difference. */
  #noteCrowd({ count }: Members): void {
    if (count > this.#options.maxMembers) this.#isCrowded = true;
  }

  /** Back on the lane first, so that no change is missed while all is read. */
  #watcherOf(outbox: Outbox): Watcher {
    const watcher = {
      fellBehind: () => outbox.whenRoomy(watcher),
      roomy: () => {
        if (this.#watching.get(outbox) !== watcher) return;
        this.#lane.add(outbox, watcher);
        this.show(outbox);
      },
    };
    return watcher;
  }
}

type Watcher = LaneOwner & AwaitsRoom;

/** Undoes what was begun where it fails, now or later. */
function unlessFailed<Value>(get: () => Eventually<Value>, undo: () => void): Eventually<Value> {
  try {
    const value = get();
    if (isPending(value)) value.catch(undo);
    return value;
  } catch (error) {
    undo();
    throw error;
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

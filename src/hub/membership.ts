import type { Eventually } from "../base/eventually.js";
import type { Members, Position } from "../broker/broker.js";
import type { Mark } from "../delivery/entry.js";
import type { Frame } from "../delivery/frame.js";
import type { LaneOwner } from "../delivery/lane.js";
import type { Outbox } from "../delivery/outbox.js";
import type { Audience } from "./audience.js";
import { CatchUp } from "./catch-up.js";

export interface ArrivalOptions {
  /** Did the client ask for it, and not the server? */
  readonly isOwn: boolean;
  /** Where it stood when it was on the channel last. */
  readonly since?: Position | undefined;
  /** So many of the latest events first. */
  readonly rewind?: number | undefined;
  /** Is it told who is present, from now on? */
  readonly watches?: boolean | undefined;
  /** Makes the message that it is on the channel; undefined: it is not told so. */
  readonly welcome?: ((arrival: Arrival) => Frame) | undefined;
}

/** How it came to the channel. */
export interface Arrival {
  /** The place before the first event that follows; only with history. */
  readonly position: Position | undefined;
  /** Does all follow that it missed? Only where it told where it stood. */
  readonly recovered: boolean | undefined;
  readonly members: Members | undefined;
  readonly stateJson: string | undefined;
}

/**
 * One connection on one channel:
 *
 *     arriving ─→ live ⇄ behind
 *
 * Live, it is on the channel's lane. Otherwise it has a `CatchUp`, which brings it there.
 */
export class Membership implements LaneOwner {
  readonly audience: Audience;
  readonly outbox: Outbox;
  /** Did the client ask for it, and not the server? */
  readonly isOwn: boolean;
  /** Was it told that it is on the channel? */
  isTold = false;
  /** Until it has arrived, where that takes its time. */
  arriving: Promise<void> | undefined;
  /** Does it count as a device of its member? */
  isPresent = false;
  #catchUp: CatchUp | undefined;
  #isGone = false;

  constructor(audience: Audience, outbox: Outbox, { isOwn }: ArrivalOptions) {
    this.audience = audience;
    this.outbox = outbox;
    this.isOwn = isOwn;
  }

  /** The channel is heard: brings it there. Done when it was told so; what it missed may still follow. */
  arrive(options: ArrivalOptions): Eventually<void> {
    if (this.#isGone) return;
    const { since, rewind, watches, welcome } = options;
    const { position, hasHistory, hasSnapshot } = this.audience;
    const isSimple = since === undefined && rewind === undefined && watches !== true;
    if (!isSimple || (hasSnapshot && welcome !== undefined)) {
      this.#catchUp = new CatchUp(this);
      return this.#catchUp.arrive(options);
    }
    if (welcome !== undefined) {
      this.isTold = true;
      const now = hasHistory ? position : undefined;
      this.outbox.push(
        welcome({ position: now, recovered: undefined, members: undefined, stateJson: undefined }),
        true,
      );
    }
    this.goLive();
  }

  /** Where it is: without an offset it is where the channel is. */
  get standing(): { readonly state: "live" | "arriving" | "catching-up"; readonly offset: number | undefined } {
    const offset = this.#catchUp?.offset;
    if (this.arriving !== undefined) return { state: "arriving", offset: undefined };
    return { state: this.#catchUp === undefined ? "live" : "catching-up", offset };
  }

  get #isLive(): boolean {
    return !this.#isGone && this.#catchUp === undefined;
  }

  /** From now on it gets what is said there. */
  goLive(): void {
    // What it was sent last may have been too much, and closed it.
    if (this.#isGone) return;
    this.#catchUp = undefined;
    this.audience.lane.add(this.outbox, this);
  }

  /** It hears nothing that is said from now on. */
  leave(): void {
    this.#isGone = true;
    this.#catchUp?.stop();
    this.#catchUp = undefined;
    // First: what was said before is its own then, and a write that the other may lead to drops none of it.
    this.audience.lane.delete(this.outbox);
    this.audience.unwatch(this.outbox);
  }

  /** Its socket does not take what is said: it is off the lane. */
  fellBehind({ epoch, offset }: Mark): void {
    if (!this.#isLive) return;
    this.audience.counters.catchUps += 1;
    this.#catchUp = new CatchUp(this);
    this.#catchUp.follow({ epoch, offset: offset - 1 });
  }

  /** What it heard until then is worth nothing: it needs the state anew. */
  lose(position: Position): void {
    // It may have fallen behind in a write that another led to: then it finds out by itself.
    if (!this.#isLive) return;
    this.audience.lane.delete(this.outbox);
    this.#catchUp = new CatchUp(this);
    this.#catchUp.follow(position);
  }
}

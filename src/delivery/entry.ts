import { compressFrame } from "./deflate.js";
import type { Frame } from "./frame.js";
import type { Lane, LaneListener } from "./lane.js";

/** Where an event stands in its channel's stream, and which others of its channel it makes needless. */
export interface Mark {
  readonly epoch: string;
  readonly offset: number;
  /** Of the waiting events of one such word only the latest is sent. */
  readonly latestOf?: string | undefined;
}

/** One frame that is to be written, and its place among all others. */
export class Entry {
  readonly sequence: number;
  readonly frame: Frame;
  /** The channel that it is an event of; undefined: it is for one connection alone. */
  readonly lane: Lane | undefined;
  readonly mark: Mark | undefined;
  /** The outbox that is not to get it. */
  readonly except: LaneListener | undefined;
  /** It tells where the connection stands: it is never dropped. */
  readonly isEssential: boolean;
  #compressed: Entry | undefined;

  constructor(
    sequence: number,
    frame: Frame,
    lane: Lane | undefined,
    mark: Mark | undefined,
    except: LaneListener | undefined,
    isEssential: boolean,
  ) {
    this.sequence = sequence;
    this.frame = frame;
    this.lane = lane;
    this.mark = mark;
    this.except = except;
    this.isEssential = isEssential;
  }

  /** The same, for sockets that are compressing. */
  get compressed(): Entry {
    this.#compressed ??= this.#compress();
    return this.#compressed;
  }

  /** The same for one connection that has left the lane. */
  get ownOfLeaver(): Entry {
    return new Entry(this.sequence, this.frame, undefined, undefined, undefined, true);
  }

  #compress(): Entry {
    const frame = compressFrame(this.frame);
    if (frame === this.frame) return this;
    return new Entry(this.sequence, frame, this.lane, this.mark, this.except, this.isEssential);
  }
}

/** One buffer of all frames, in the order given; undefined for none. */
export function joinFrames(entries: readonly Entry[]): Frame | undefined {
  const [first, ...others] = entries;
  if (first === undefined || others.length === 0) return first?.frame;
  return Buffer.concat(entries.map((entry) => entry.frame));
}

export function bySequence(a: Entry, b: Entry): number {
  return a.sequence - b.sequence;
}

import { useEffect, useMemo } from "react";
import type { Subscription } from "tidings/client";
import { useJournal } from "./journal.js";
import { whyOf } from "./why.js";

/** A subscription to a channel with a history. */
interface Kept extends Pick<Subscription, "name" | "status" | "onStatus"> {
  history(range: { limit: number }): Promise<readonly { readonly offset: number }[]>;
}

/**
 * Tells the journal, each time a channel with a history is live again, how many of its events had been missed, or that
 * they are lost.
 *
 * The client gets them by itself, in order and once; this only counts them, as the component says what it `heard`.
 */
export function useResume(subscription: Kept | undefined): Resume {
  const write = useJournal();
  const resume = useMemo(() => new Resume(write), [write]);
  useEffect(() => (subscription === undefined ? undefined : resume.follow(subscription)), [subscription, resume]);
  return resume;
}

class Resume {
  readonly #write: (text: string) => void;
  /** The newest event that was heard; undefined: none was. */
  #offset: number | undefined;
  /** Events since the channel was live last. */
  #count = 0;
  #gaps = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  heard(offset: number | undefined): void {
    this.#offset = offset;
    this.#count += 1;
  }

  lost(channel: string): void {
    this.#gaps += 1;
    this.#write(`${channel}: live again, but what came meanwhile is lost.`);
  }

  follow(subscription: Kept): () => void {
    this.#offset = undefined;
    let wasLive = subscription.status === "live";
    return subscription.onStatus((status, error) => {
      if (error !== undefined) this.#write(`${subscription.name}: ${whyOf(error)}`);
      if (status !== "live") return;
      if (wasLive) void this.#tell(subscription);
      wasLive = true;
    });
  }

  async #tell(subscription: Kept): Promise<void> {
    const [stood, gaps] = [this.#offset, this.#gaps];
    this.#count = 0;
    try {
      const [newest] = await subscription.history({ limit: 1 });
      if (gaps !== this.#gaps || newest === undefined) return;
      const missed = stood === undefined ? this.#count : newest.offset - stood;
      if (missed > 0) this.#write(`${subscription.name}: ${missed} missed, and here now.`);
    } catch {
      // The connection was lost again: the next time it tells of both.
    }
  }
}

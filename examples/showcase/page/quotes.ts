import { useState } from "react";
import { useChannel, useEvent } from "tidings/react";
import { useResume } from "./resume.js";
import type { LiveClient } from "./showcase.js";

/** One price, and when it was made. */
export interface Point {
  readonly at: string;
  readonly price: number;
}

interface Quotes {
  readonly symbol: string;
  readonly points: readonly Point[];
}

/** The prices of one symbol, from the newest that are kept on. */
export function useQuotes(client: LiveClient, symbol: string) {
  const [quotes, setQuotes] = useState<Quotes>({ symbol, points: [] });
  const { subscription, state } = useChannel(
    client,
    "prices/:symbol",
    { symbol },
    { rewind: LONGEST, onGap: () => void reload() },
  );
  const resume = useResume(subscription);
  useEvent(subscription, "tick", (point, { offset }) => {
    resume.heard(offset);
    put([point]);
  });

  /** Some may be lost between those here and the next: what the server still has takes their place. */
  async function reload(): Promise<void> {
    resume.lost(`prices/${symbol}`);
    try {
      const kept = await subscription?.history({ limit: LONGEST });
      put((kept ?? []).map(({ payload }) => payload));
    } catch {
      // The connection was lost again: the next one has a gap, too.
    }
  }

  function put(more: readonly Point[]): void {
    setQuotes((before) => ({ symbol, points: merge(before.symbol === symbol ? before.points : [], more) }));
  }

  const points = quotes.symbol === symbol ? quotes.points : [];
  return { points, price: points.at(-1)?.price ?? state?.price ?? undefined };
}

/** Each once, in the order of time. */
function merge(points: readonly Point[], more: readonly Point[]): readonly Point[] {
  const known = new Map([...points, ...more].map((point) => [point.at, point]));
  return [...known.values()].sort((a, b) => (a.at < b.at ? -1 : 1)).slice(-LONGEST);
}

const LONGEST = 200;

// room.tsx
import { useEffect, useState } from "react";
import { whenLive } from "tidings/client";
import { wordsOf } from "tidings/protocol";
import { useChannel, useClient, useEvent } from "tidings/react";
import type { desk } from "./app.js";

type Line = { readonly offset: number; readonly from: string; readonly text: string };

/** Give it a `key`, `<Room key={room} room={room} />`: another room is another list. */
export function Room({ room }: { room: string }) {
  const client = useClient<typeof desk>();
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [gaps, setGaps] = useState(0);
  const [problem, setProblem] = useState<string>();
  const onGap = () => {
    setLines([]);
    setGaps((before) => before + 1);
  };
  const { subscription } = useChannel(client, "chat/:room", { room }, { onGap });
  useEvent(subscription, "said", (said, { offset = 0 }) => setLines((known) => merge(known, [{ ...said, offset }])));

  // What was said before: when the channel is live, and anew after each gap.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a gap is what it is asked anew for.
  useEffect(() => {
    if (subscription === undefined) return;
    let isShown = true;
    const load = async () => {
      await whenLive(subscription);
      const kept = await subscription.history({ limit: 50 });
      if (isShown)
        setLines((known) =>
          merge(
            kept.map(({ offset, payload }) => ({ ...payload, offset })),
            known,
          ),
        );
    };
    load().catch((error) => isShown && setProblem(wordsOf(error)));
    return () => {
      isShown = false;
    };
  }, [subscription, gaps]);

  if (problem !== undefined) return <p role="alert">{problem}</p>;
  return (
    <ol>
      {lines.map(({ offset, from, text }) => (
        <li key={offset}>{`${from}: ${text}`}</li>
      ))}
    </ol>
  );
}

/** Each line once, by its place: a line may come live and be in the history too. */
function merge(some: readonly Line[], others: readonly Line[]): Line[] {
  const byOffset = new Map([...some, ...others].map((line) => [line.offset, line]));
  return [...byOffset.values()].sort((a, b) => a.offset - b.offset);
}

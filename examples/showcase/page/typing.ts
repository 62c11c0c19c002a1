import { useEffect, useRef, useState } from "react";
import { useChannel, useEvent, useMessage, useStatus } from "tidings/react";
import type { LiveClient } from "./showcase.js";

/** Who else is writing in a room, and how to tell that one is. */
export function useTyping(client: LiveClient, room: string) {
  const [writers, setWriters] = useState<readonly Writer[]>([]);
  const toldAtMs = useRef(Number.NEGATIVE_INFINITY);
  const status = useStatus(client);
  const { subscription } = useChannel(client, "typing/:room", { room });
  useEvent(subscription, "typing", ({ id, name }) => {
    const writer = { id, name, untilMs: performance.now() + SHOWN_MS };
    setWriters((before) => [...before.filter((each) => each.id !== id), writer]);
  });

  // Who has said it writes no more.
  useMessage(client, "said", (said) => setWriters((before) => before.filter(({ id }) => id !== said.id)));

  const nextEndMs = Math.min(...writers.map(({ untilMs }) => untilMs));
  useEffect(() => {
    if (nextEndMs === Number.POSITIVE_INFINITY) return;
    const drop = () => setWriters((before) => before.filter(({ untilMs }) => untilMs > performance.now()));
    const timer = setTimeout(drop, nextEndMs - performance.now());
    return () => clearTimeout(timer);
  }, [nextEndMs]);

  return {
    names: writers.map(({ name }) => name),
    /** Told now and then, while somebody writes; not kept for later, when it would no longer be true. */
    tell() {
      if (status !== "open" || performance.now() - toldAtMs.current < TOLD_EVERY_MS) return;
      toldAtMs.current = performance.now();
      client.send("typing", { room });
    },
  };
}

interface Writer {
  readonly id: string;
  readonly name: string;
  readonly untilMs: number;
}

const TOLD_EVERY_MS = 1_500;
const SHOWN_MS = 3_000;

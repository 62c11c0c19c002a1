import { useEffect, useRef, useState } from "react";
import type { Gap } from "tidings/client";
import { useChannel, useEvent, usePresence } from "tidings/react";
import type { Me } from "./lobby.js";
import { useResume } from "./resume.js";
import type { LiveClient } from "./showcase.js";
import { whyOf } from "./why.js";

/** What somebody said, or what happened in the room. */
export type Line = Said | { readonly kind: "notice"; readonly key: string; readonly text: string };

interface Said {
  readonly kind: "said";
  readonly key: string;
  readonly id: string;
  readonly from: string;
  readonly text: string;
  /** By the server's clock. */
  readonly at: string;
}

/** What was written here and has not arrived yet. */
export interface Waiting {
  readonly key: string;
  readonly text: string;
}

/** A room's talk. What is said while the connection is lost is said when it is back, once. */
export function useTalk(client: LiveClient, me: Me, room: string) {
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [waiting, setWaiting] = useState<readonly Waiting[]>([]);
  const [problem, setProblem] = useState<string>();
  /** The newest that was said here. */
  const heardAt = useRef("");
  const notice = (text: string) => setLines((before) => add(before, [noticeOf(text)]));

  const { subscription, status, error } = useChannel(
    client,
    "chat/:room",
    { room },
    { rewind: 100, presence: true, onGap: (gap) => void fill(gap) },
  );
  const resume = useResume(subscription);
  const { members } = usePresence(client, "chat/:room", { room });
  useComings(members, me, notice);
  useEvent(subscription, "said", (said, { offset }) => {
    resume.heard(offset);
    heardAt.current = said.at;
    setLines((before) => add(before, [lineOf(said)]));
    // It comes before the answer to what said it.
    if (said.id === me.id) setWaiting((before) => without(before, ({ text }) => text === said.text));
  });

  /** Says that something may be missing, and puts behind that what the server still has of it. */
  async function fill({ offset = 0 }: Gap): Promise<void> {
    const [place, until] = [noticeOf("What was said meanwhile may be missing here."), heardAt.current];
    setLines((before) => add(before, [place]));
    resume.lost(`chat/${room}`);
    try {
      const kept = (await subscription?.history()) ?? [];
      const missed = kept.filter((event) => event.offset <= offset && event.payload.at > until);
      const more = missed.map(({ payload }) => lineOf(payload));
      setLines((before) =>
        add(
          before.flatMap((line) => (line === place ? [place, ...more] : [line])),
          [],
        ),
      );
    } catch {
      // The connection was lost again: the next one has a gap, too.
    }
  }

  async function say(text: string): Promise<void> {
    const key = newKey();
    setProblem(undefined);
    setWaiting((before) => [...before, { key, text }]);
    try {
      await subscription?.publish("said", { id: me.id, from: me.name, text });
    } catch (error) {
      setProblem(`Not sent: ${whyOf(error)}`);
    } finally {
      setWaiting((before) => without(before, (each) => each.key === key));
    }
  }

  return {
    lines,
    waiting,
    problem: problem ?? (error && whyOf(error)),
    isLive: status === "live",
    members,
    say: (text: string) => void say(text),
  };
}

type Member = { readonly id: string; readonly name: string };

/** Notices who comes and who goes. Who is back after a lost connection has never gone. */
function useComings(members: readonly Member[], me: Me, notice: (text: string) => void): void {
  const before = useRef<readonly Member[]>([]);
  useEffect(() => {
    if (!members.some(({ id }) => id === me.id)) return; // not known yet
    const isIn = (list: readonly Member[]) => new Set(list.map(({ id }) => id));
    const [was, is] = [isIn(before.current), isIn(members)];
    if (was.size > 0) {
      for (const { id, name } of members) if (!was.has(id)) notice(`${name} joined`);
      for (const { id, name } of before.current) if (!is.has(id)) notice(`${name} left`);
    }
    before.current = members;
  });
}

function lineOf(said: Omit<Said, "kind" | "key">): Said {
  return { ...said, kind: "said", key: newKey() };
}

function noticeOf(text: string): Line {
  return { kind: "notice", key: newKey(), text };
}

/** But for the first of them. */
function without(waiting: readonly Waiting[], isMeant: (each: Waiting) => boolean): readonly Waiting[] {
  const index = waiting.findIndex(isMeant);
  return index === -1 ? waiting : waiting.toSpliced(index, 1);
}

function add(lines: readonly Line[], more: readonly Line[]): readonly Line[] {
  return [...lines, ...more].slice(-LONGEST);
}

const LONGEST = 500;

let lastKey = 0;
function newKey(): string {
  lastKey += 1;
  return String(lastKey);
}

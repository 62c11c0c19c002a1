import { channel, type Dependency, type Overflow, stateAt } from "tidings";
import { z } from "zod";
import type { Keeping, Ledger } from "./ledger.js";

/** What a channel of the model is declared with. */
export interface ChannelKind {
  readonly name: string;
  readonly keeping: Keeping | undefined;
  readonly snapshot: boolean;
  /** Does the snapshot say up to where it goes? */
  readonly isStateAt: boolean;
  readonly overflow: "disconnect" | "catch-up" | "drop-oldest" | "drop-newest" | "latest" | undefined;
  readonly drops: boolean;
  readonly conflates: boolean;
}

const few = { size: 5, ttlMs: 10_000 };
const many = { size: 40, ttlMs: 10_000 };

function kind(name: string, options: Partial<ChannelKind> = {}): ChannelKind {
  const { overflow } = options;
  return {
    name,
    keeping: undefined,
    snapshot: false,
    isStateAt: false,
    overflow: undefined,
    drops: overflow === "drop-oldest" || overflow === "drop-newest",
    conflates: overflow === "latest",
    ...options,
  };
}

/** Every way in which a channel may treat who hears it. */
export const kinds: readonly ChannelKind[] = [
  kind("few", { keeping: few }),
  kind("many", { keeping: many }),
  kind("many, disconnect", { keeping: many, overflow: "disconnect" }),
  kind("many, latest", { keeping: many, overflow: "latest" }),
  kind("none"),
  kind("none, oldest", { overflow: "drop-oldest" }),
  kind("none, newest", { overflow: "drop-newest" }),
  kind("none, latest", { overflow: "latest" }),
  kind("few, state", { keeping: few, snapshot: true }),
  kind("few, state at", { keeping: few, snapshot: true, isStateAt: true }),
  kind("none, state", { snapshot: true }),
];

/** @throws TypeError for a name of none */
export function kindNamed(name: string): ChannelKind {
  const found = kinds.find((each) => each.name === name);
  if (found === undefined) throw new TypeError(`There is no kind "${name}".`);
  return found;
}

type Event = { readonly type: "said"; readonly payload: { readonly word: string } };

export interface ChannelHooks {
  readonly user: Dependency<{ readonly id: string }, "connection">;
  /** Tells the connections of one user apart. */
  readonly dial: Dependency<string, "connection">;
  /** A client's subscription is let in, and arrives in this moment. */
  readonly arriving: (user: string, dial: string, channel: string) => void;
  /** Resolves when a snapshot may be loaded. */
  readonly gate: () => Promise<void> | undefined;
}

export type ModelChannel = ReturnType<typeof declareChannel>;

/** A channel `name` of this kind. */
export function declareChannel(name: "one" | "two", made: ChannelKind, ledger: Ledger, hooks: ChannelHooks) {
  const { keeping, overflow, snapshot, isStateAt } = made;
  const load = async () => {
    const { newest } = ledger;
    await hooks.gate();
    if (!isStateAt) return { count: ledger.all.length };
    return newest === undefined ? { count: 0 } : stateAt(newest, { count: newest.index + 1 });
  };
  const policy: Overflow<Event> | undefined =
    overflow === "latest" ? { keepLatestBy: ({ payload }) => payload.word } : overflow;
  return channel(name, {
    events: { said: z.object({ n: z.number(), word: z.string(), pad: z.string() }) },
    needs: { user: hooks.user, dial: hooks.dial },
    history: keeping && { size: keeping.size, ttl: `${keeping.ttlMs}ms` },
    presence: true,
    snapshot: snapshot ? load : undefined,
    overflow: policy,
    allow: {
      subscribe: ({ user, dial }) => {
        hooks.arriving(user.id, dial, name);
        return true;
      },
      publish: true,
    },
  });
}

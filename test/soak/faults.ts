import type { Random } from "../../src/testing/random.js";
import type { LossyWay } from "../support/redis/chaos/lossy-way.js";
import type { RedisServer } from "../support/redis/redis-server.js";
import type { World } from "./world.js";

/** What may befall. */
export interface Fault {
  readonly name: string;
  readonly on: "far" | "near" | "rabble";
  /** Who of those who are on a channel with history is told of a gap. */
  readonly gap: "to all" | "to nobody" | "to some";
  /** Does a process of the app not live through it? */
  readonly replaces?: number | undefined;
  befall(stage: Stage): Promise<void>;
}

export interface Stage {
  readonly redis: RedisServer;
  /** Those of the processes to it. */
  readonly ways: readonly LossyWay[];
  /** Some processes on one Redis. */
  readonly far: World;
  /** One process, in whose memory all is. */
  readonly near: World;
  /** Whoever comes for a moment is killed, and others come. */
  readonly replaceRabble: () => Promise<void>;
}

/** The first process on Redis lives through all of it. */
const faults: readonly Fault[] = [
  { name: "nothing at all", on: "far", gap: "to nobody", befall: ({ far }) => far.flow() },
  {
    name: "a process drains, and another starts",
    on: "far",
    gap: "to nobody",
    replaces: 1,
    befall: ({ far }) => far.replace(1, "drained"),
  },
  {
    name: "a process is killed, and another starts",
    on: "far",
    gap: "to nobody",
    replaces: 1,
    befall: ({ far }) => far.replace(1, "killed"),
  },
  {
    name: "the only process drains, and another starts",
    on: "near",
    gap: "to all",
    replaces: 0,
    befall: ({ near }) => near.replace(0, "drained"),
  },
  {
    name: "the only process is killed, and another starts",
    on: "near",
    gap: "to all",
    replaces: 0,
    befall: ({ near }) => near.replace(0, "killed"),
  },
  {
    name: "all clients on Redis are killed, and others come",
    on: "far",
    gap: "to nobody",
    befall: ({ far }) => far.replaceCrowd(),
  },
  {
    name: "all clients of the only process are killed, and others come",
    on: "near",
    gap: "to nobody",
    befall: ({ near }) => near.replaceCrowd(),
  },
  {
    name: "who comes for a moment is killed, and others come",
    on: "rabble",
    gap: "to nobody",
    befall: ({ replaceRabble }) => replaceRabble(),
  },
  {
    name: "Redis stands still, and goes on",
    on: "far",
    gap: "to nobody",
    async befall({ far, redis }) {
      const away = far.away();
      await redis.pause();
      try {
        await away;
      } finally {
        redis.resume();
      }
    },
  },
  {
    name: "Redis cuts its clients off",
    on: "far",
    gap: "to nobody",
    async befall({ far, redis }) {
      const away = far.away();
      await redis.killClients();
      await away;
    },
  },
  {
    name: "one of five messages of Redis gets lost, without a word",
    on: "far",
    gap: "to nobody",
    async befall({ far, ways }) {
      for (const way of ways) way.lose(5);
      await far.flow();
      for (const way of ways) way.loseNothing();
    },
  },
  {
    name: "Redis is killed, and starts with all that it had",
    on: "far",
    gap: "to all",
    async befall({ far, redis }) {
      await redis.snapshot();
      await restart(far, redis);
    },
  },
  {
    name: "Redis is killed, and starts with what it had a while before",
    on: "far",
    gap: "to all",
    async befall({ far, redis }) {
      await redis.snapshot();
      await far.flow();
      await restart(far, redis);
    },
  },
  {
    name: "Redis forgets everything",
    on: "far",
    gap: "to all",
    befall: ({ redis }) => redis.flushAll(),
  },
];

async function restart(far: World, redis: RedisServer): Promise<void> {
  const away = far.away();
  await redis.kill();
  await redis.restoreSnapshot();
  await away;
  await redis.start();
}

/** All of them in an order that chance decides, then all of them again, in another. */
export function* faultsWithoutEnd(random: Random): Generator<Fault> {
  for (;;) {
    const left = [...faults];
    while (left.length > 0) yield* left.splice(random.below(left.length), 1);
  }
}

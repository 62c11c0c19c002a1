import type { Mutant, Suite } from "./mutants.js";

const unit = (file: string, test?: string): Suite => ({ project: "unit", files: [file], test });
const integration = (file: string, test?: string): Suite => ({ project: "integration", files: [file], test });
const chaos = (file: string, test?: string): Suite => ({ project: "chaos", files: [file], test });

/** Of what holds over many processes and a Redis that fails. */
export const redisMutants: readonly Mutant[] = [
  {
    guards: "promise 2, resume",
    breaks: "what comes too early is told at once, though what is missing is kept",
    file: "src/redis/feed.ts",
    text: "if (event.offset === offset + 1) this.#deliver(event);",
    replacement: "if (event.offset > offset) this.#deliver(event);",
    suite: integration("test/integration/redis/chaos.test.ts", "one of ten"),
  },
  {
    guards: "promise 2, resume",
    breaks: "a Redis that went back to a snapshot goes on in the same epoch",
    file: "src/redis/scripts/stream.ts",
    text: "if known[4] == master then return known end",
    replacement: "if known[1] then return known end",
    suite: integration("test/integration/redis/scripts.test.ts", "an older snapshot"),
  },
  {
    guards: "promise 2, resume",
    breaks: "streams are not compared when a way to Redis is there again",
    file: "src/redis/shared-channels.ts",
    text: "if (shared.feed !== undefined || shared.isPresent) followed.push(shared);",
    replacement: "if (shared.opening !== undefined) followed.push(shared);",
    suite: integration("test/integration/redis/storms.test.ts", "nobody says a word"),
  },
  {
    guards: "promise 2, resume",
    breaks: "a hole in the midst of a page that lacks something is passed over",
    file: "src/redis/feed.ts",
    text: "if (!isComplete) this.#jump({ epoch, offset: event.offset - 1 });",
    replacement: "",
    suite: unit("src/redis/feed.test.ts", "in its midst"),
  },
  {
    guards: "promise 2, resume",
    breaks: "an answer to a question of a former life is taken for one of this",
    file: "src/redis/feed.ts",
    text: "if (ask !== this.#asking) return;\n    this.#asking = undefined;\n    if (page",
    replacement: "this.#asking = undefined;\n    if (page",
    suite: unit("src/redis/feed.test.ts", "comes late"),
  },
  {
    guards: "promise 2, resume",
    breaks: "a key is taken for one of another life of the channel",
    file: "src/redis/scripts/stream.ts",
    text: "if began == known[6] then",
    replacement: "if began then",
    suite: integration("test/integration/redis/scripts.test.ts", "makes no repeat"),
  },
  {
    guards: "promise 2, resume",
    breaks: "what was evicted is not missing",
    file: "src/redis/scripts/stream.ts",
    text: "if redis.call('XLEN', KEYS[2]) == 1 then missing = offset - 1 end",
    replacement: "",
    suite: integration("test/integration/redis/scripts.test.ts", "forgotten the events alone"),
  },
  {
    guards: "promise 2, resume",
    breaks: "who leaves before it was let in, and comes back, is deaf",
    file: "src/redis/subscriptions.ts",
    text: "const ready = due.filter((topic) => !this.#isChanging(topic));",
    replacement: "const ready = due;",
    suite: integration("test/integration/redis/storms.test.ts", "leaves before it was let in"),
  },
  {
    guards: "promise 1, order",
    breaks: "a publish overtakes those that wait for Redis",
    file: "src/redis/publisher.ts",
    text: "if (this.#waiting.length > 0) return",
    replacement: "if (this.#waiting.length > 1e9) return",
    suite: chaos("test/integration/redis/chaos-queue.test.ts"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "reads of a channel go over the line all at once",
    file: "src/redis/shared-channels.ts",
    text: "const READS = 16;",
    replacement: "const READS = 1_000_000;",
    suite: integration("test/integration/redis/storms.test.ts"),
  },
  {
    guards: "who it is",
    breaks: "who signed in again after a revocation is thrown out when Redis has lost its data",
    file: "src/redis/process-notices.ts",
    text: "if (known?.revokedAtMs !== revocation.revokedAtMs) this",
    replacement: "this",
    suite: integration("test/integration/redis/forgotten.test.ts", "all of it"),
  },
  {
    guards: "promise 6, once",
    breaks: "members of a process that has died stay",
    file: "src/redis/scripts/presence.ts",
    text: "tonumber(fields[index + 1]) <= at then",
    replacement: "tonumber(fields[index + 1]) <= 0 then",
    suite: integration("test/integration/redis/scripts.test.ts", "where a lease is over"),
  },
];

import { expect, test } from "vitest";
import type { ConnectionEnd, ConnectionReport } from "../../src/declare/connection-report.js";
import { briefOf, findingsOf } from "./why.js";

test("a trouble is told with its word, since when, for how long, and its figures", () => {
  const detail = "512 kB of 1 MB wait.";
  const [finding] = find({ troubles: [{ word: "stopped reading", sinceMs: 6_000, detail }] });
  expect(finding).toMatchObject({
    tone: "bad",
    word: "stopped reading",
    text: "since 0:06 (14 s): 512 kB of 1 MB wait.",
    meaning: expect.stringContaining("slow_consumer"),
  });
});

test("one that is well is told to be", () => {
  expect(find({})).toMatchObject([{ tone: "good", word: "nothing is wrong" }]);
});

test("one that is not in yet says so, and one that catches up", () => {
  expect(find({ stage: "entering" })).toMatchObject([{ word: "entering", text: "since 0:05 (15 s)" }]);
  const standing = { channel: "news", isOwn: true, offset: 9, behind: 4 };
  expect(find({ channels: [{ ...standing, state: "catching-up" }] })).toMatchObject([
    { word: "behind", text: "on 1 channel" },
  ]);
});

const ends: readonly [Partial<ConnectionEnd>, string, RegExp][] = [
  [
    { code: 1013, reason: "slow_consumer", by: "server" },
    "at 0:15 by the server with 1013 slow_consumer",
    /^Messages were not read fast enough\. Our client dials again, .* and resumes/,
  ],
  [
    { code: 1008, reason: "token_expired", by: "server" },
    "at 0:15 by the server with 1008 token_expired",
    /^The token has expired\. Our client fetches a fresh token and dials again\.$/,
  ],
  [
    { code: 1008, reason: "rate_limited", by: "server" },
    "at 0:15 by the server with 1008 rate_limited",
    /^Too many messages in too short a time\. Our client dials again/,
  ],
  [
    { code: 4001, reason: "kicked", by: "server" },
    "at 0:15 by the server with 4001 kicked",
    /app's own\. Our client stays closed/,
  ],
  [{ code: 1000, by: "peer" }, "at 0:15 by the client with 1000", /^It was meant to end\.$/],
  [{ code: 1001, by: "peer" }, "at 0:15 by the client with 1001", /^The page was left/],
  [{ code: 1006, by: "peer" }, "at 0:15 without a word", /^No close frame came.* Our client dials again/],
];

test.each(ends)("an end like %j is explained, with what our client does then", (end, text, meaning) => {
  const [finding] = find({ stage: "closed", closed: { atMs: 15_000, code: 1000, reason: "", by: "server", ...end } });
  expect(finding).toMatchObject({ word: "closed", text });
  expect(finding?.meaning).toMatch(meaning);
});

test("what was wrong when it closed is told for as long as it was so", () => {
  const closed = { atMs: 15_000, code: 1013, reason: "slow_consumer", by: "server" } as const;
  const troubles = [{ word: "stopped reading", sinceMs: 6_000, detail: "" }] as const;
  expect(find({ stage: "closed", closed, troubles })).toMatchObject([
    { word: "closed" },
    { word: "stopped reading", text: "since 0:06 (9 s)" },
  ]);
});

test("of another's client it is said what ours would do", () => {
  const closed = { atMs: 15_000, code: 1013, reason: "slow_consumer", by: "server" } as const;
  expect(find({ stage: "closed", closed, isOurClient: false })[0]?.meaning).toMatch(
    /This is not our client: ours dials/,
  );
});

test("a code without a reason has a word or two in a list; what is the app's own has none", () => {
  expect([1001, 1006, 4001].map(briefOf)).toEqual(["went away", "connection lost", ""]);
});

/** At 20 seconds. */
function find(known: Partial<ConnectionReport>) {
  return findingsOf({ ...well, ...known }, 20_000, (ms) => `0:${String(ms / 1_000).padStart(2, "0")}`);
}

const well: ConnectionReport = {
  id: "c1",
  endpoint: "/ws",
  user: "ana",
  address: "::1",
  isOurClient: true,
  openedAtMs: 5_000,
  stage: "open",
  troubles: [],
  heardAtMs: 19_000,
  expiresAtMs: undefined,
  outbox: { bytes: 0, limit: 1_048_576 },
  waiting: { messages: 0, bytes: 0, isPaused: false },
  rates: [],
  channels: [],
  channelCount: 0,
  counts: { messagesReceived: 0, bytesReceived: 0, bytesWritten: 0, errorsAnswered: 0 },
  errors: [],
  closed: undefined,
};

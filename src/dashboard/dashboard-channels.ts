import { type Channel, familyOf } from "../declare/channel.js";
import { PathPattern } from "../declare/path-pattern.js";
import type { Answer, AnswersContract, ProcessSample, SamplesContract } from "./contract.js";
import { answerSchema, sampleSchema } from "./message-schemas.js";

/** What all processes tell of themselves. Who is let in at the dashboard may subscribe. */
export const samples: Channel<SamplesContract> = familyOf<SamplesContract>({
  pattern: new PathPattern("$dashboard"),
  events: new Map([["sample", sampleSchema]]),
  needs: {},
  history: {
    size: 3_000,
    ttlMs: 15 * 60 * 1_000,
    // A chart of the past needs no more, and ten times as many processes find room.
    subjectOf: ({ payload }) => {
      const { process, atMs } = payload as ProcessSample; // what `sampleOf` made
      return { name: `${process} ${Math.floor(atMs / KEPT_EVERY_MS)}` };
    },
  },
  presence: undefined,
  snapshot: undefined,
  overflow: "catch-up",
  allow: { subscribe: true, publish: false },
});

const KEPT_EVERY_MS = 5_000;

/** What one page is answered. The server puts it there: it is nobody else's. */
export const answers: Channel<AnswersContract> = familyOf<AnswersContract>({
  pattern: new PathPattern("$dashboard/answers/:connection"),
  events: new Map([["answered", answerSchema]]),
  needs: {},
  history: undefined,
  presence: undefined,
  snapshot: undefined,
  // Of who reads too slowly the next answer of a process takes the place of the last.
  overflow: { keepLatestBy: ({ payload }) => (payload as Answer).process },
  allow: { subscribe: false, publish: false },
});

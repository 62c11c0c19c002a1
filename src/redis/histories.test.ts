import { expect, test } from "vitest";
import type { Position } from "../broker/broker.js";
import { Gate } from "./gate.js";
import { Histories } from "./histories.js";
import { Names } from "./names.js";
import { Refusals } from "./refusals.js";
import { writeEvent } from "./said.js";
import type { Servers } from "./servers.js";
import type { Settings } from "./settings.js";

const settings: Settings = {
  names: new Names("tidings", 0),
  process: "p",
  leaseMs: 60_000,
  compareMs: 25_000,
  positionTtlMs: 60_000,
  liveTtlMs: 60_000,
  freshEpoch: () => "fresh",
  onError: () => {},
};

/** Of one channel, with a gate for one; each read waits for `answer`. */
function openHistories() {
  const asked: (readonly (string | number)[])[] = [];
  const waiting: { resolve: (answer: unknown) => void; reject: (error: unknown) => void }[] = [];
  const run = (_: unknown, __: unknown, args: readonly (string | number)[]): Promise<unknown> => {
    asked.push(args.slice(2, 5));
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  };
  const place: { position: Position } = { position: { epoch: "e", offset: 0 } };
  return {
    asked,
    place,
    /** To the read that was asked first of those that wait. */
    answer: (offsets: readonly number[], { epoch = "e", isCut = 0 }: { epoch?: string; isCut?: 0 | 1 } = {}) =>
      waiting.shift()?.resolve([epoch, 9, 0, offsets.map((offset) => [`${offset}-1`, ["said", said]]), isCut]),
    fail: (error: Error) => waiting.shift()?.reject(error),
    histories: new Histories({
      servers: { run } as Servers, // no more is used
      settings,
      gate: new Gate(1),
      refusals: new Refusals(settings.onError),
      positionOf: () => place.position,
    }),
  };
}

const said = writeEvent({ channel: "room", type: "said", payloadJson: "1", except: undefined });
const turn = () => new Promise((resolve) => setImmediate(resolve));
const offsetsOf = ({ page }: Awaited<ReturnType<Histories["read"]>>) => page.events.map(({ offset }) => offset);

test("who asks for the same before it was asked is given the same, and who asks later is not", async () => {
  const { histories, asked, answer } = openHistories();
  const range = { after: 1, limit: 10 };
  const first = histories.read("room", range);
  // The first is on its way already, and may lack what was said since.
  const [second, third] = [histories.read("room", range), histories.read("room", range)];
  answer([2]);
  expect(offsetsOf(await first)).toEqual([2]);
  await turn();
  expect(asked).toHaveLength(2);
  const late = histories.read("room", range);
  answer([2, 3]);
  expect(await third).toBe(await second);
  expect(offsetsOf(await second)).toEqual([2, 3]);
  await turn();
  answer([2, 3, 4]);
  expect(offsetsOf(await late)).toEqual([2, 3, 4]);
});

test("what is not the same is asked apart", async () => {
  const { histories, asked, answer } = openHistories();
  const reads = [
    histories.read("room", { after: 1, limit: 10 }),
    histories.read("room", { after: 1, limit: 10 }),
    histories.read("room", { after: 2, limit: 10 }),
    histories.read("room", { after: 1, limit: 11 }),
    histories.read("other", { after: 1, limit: 10 }),
    histories.read("room", { before: 1, limit: 10 }),
    histories.read("room", { after: 1, limit: 10, bytes: 5 }),
  ];
  for (const _ of reads) {
    answer([5]);
    await turn();
  }
  await Promise.all(reads);
  expect(asked).toHaveLength(reads.length);
});

test("a failure is that of all who share it, and of nobody later", async () => {
  const { histories, answer, fail } = openHistories();
  const range = { after: 1, limit: 10 };
  const first = histories.read("room", range);
  const shared = [histories.read("room", range), histories.read("room", range)].map((read) =>
    expect(read).rejects.toThrow("lost"),
  );
  answer([2]);
  await first;
  await turn();
  fail(new Error("lost"));
  await Promise.all(shared);
  const later = histories.read("room", range);
  answer([2]);
  expect(offsetsOf(await later)).toEqual([2]);
});

test("the place told with a page is that of when it was asked for, not of when it was wanted", async () => {
  const { histories, place, answer } = openHistories();
  const first = histories.read("room", { after: 0, limit: 10 });
  const second = histories.read("room", { after: 1, limit: 10 });
  place.position = { epoch: "e", offset: 5 };
  answer([1]);
  expect((await first).asked).toEqual({ epoch: "e", offset: 0 });
  await turn();
  answer([2]);
  expect((await second).asked).toEqual({ epoch: "e", offset: 5 });
});

test("a page behind a place is given as it is, also where there was no room for more", async () => {
  const { histories, asked, answer } = openHistories();
  const read = histories.read("room", { after: 4, limit: 10 });
  answer([5, 6], { isCut: 1 });
  expect(offsetsOf(await read)).toEqual([5, 6]);
  expect((await read).page.isComplete).toBe(true);
  expect(asked).toEqual([["5-0", "+", 10]]);
});

test("the newest are asked for until there are as many as were wanted", async () => {
  const { histories, asked, answer } = openHistories();
  const read = histories.read("room", { limit: 5 });
  // The newest first, as Redis gives them.
  answer([9, 8], { isCut: 1 });
  await turn();
  answer([7], { isCut: 1 });
  await turn();
  answer([6, 5]);
  expect(offsetsOf(await read)).toEqual([5, 6, 7, 8, 9]);
  expect(asked.map(([from, to, limit]) => [from, String(to).split("-")[0], limit])).toEqual([
    ["-", "+", 5],
    ["-", "7", 3],
    ["-", "6", 2],
  ]);
});

test("no more pages are asked for than have room in the bytes that are wanted", async () => {
  const { histories, asked, answer } = openHistories();
  const room = async (bytes: number, ...pages: readonly (readonly number[])[]) => {
    asked.length = 0;
    const read = histories.read("room", { limit: 5, bytes });
    for (const [index, offsets] of pages.entries()) {
      answer(offsets, { isCut: index < pages.length - 1 ? 1 : 0 });
      await turn();
    }
    return [offsetsOf(await read), asked.length];
  };
  // Each has one byte, and Redis gives one event at least.
  expect(await room(3, [9, 8], [7])).toEqual([[7, 8, 9], 2]);
  expect(await room(2, [9, 8], [7])).toEqual([[8, 9], 2]);
  expect(await room(1, [9])).toEqual([[9], 1]);
});

test("what stood in another life of the stream is not put in front of the newest", async () => {
  const { histories, answer } = openHistories();
  const read = histories.read("room", { limit: 5 });
  answer([2, 1], { isCut: 1 });
  await turn();
  answer([9], { epoch: "other" });
  expect(offsetsOf(await read)).toEqual([1, 2]);
});

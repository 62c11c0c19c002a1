import { expect, test } from "vitest";
import type { Position } from "../broker/broker.js";
import { Feed } from "./feed.js";

type Step = (feed: Feed, asked: Asked) => void;
/** The number of the question that was asked behind this place, in this life of the stream if there was one. */
type Asked = (after: number, epoch?: string) => number;

/** A place in the stream's life `a`, if nothing else is said. */
const at = (offset: number, epoch = "a"): Position => ({ epoch, offset });

const said = (offset: number) => ({ offset, type: "said", payloadJson: `${offset}`, except: undefined });

const hear =
  (offset: number, epoch = "a"): Step =>
  (feed) =>
    feed.hear({ channel: "chat", ...said(offset), epoch });

const compare =
  (offset: number, epoch = "a"): Step =>
  (feed) =>
    feed.compare(at(offset, epoch));

/** What was read behind `after`: these events, of a stream that is at the last of them if nothing else is said. */
const filled =
  (
    after: number,
    offsets: readonly number[],
    { until = offsets.at(-1) ?? after, lacks = false, epoch = "a" } = {},
  ): Step =>
  (feed, asked) =>
    feed.filled(asked(after, epoch), { ...at(until, epoch), events: offsets.map(said), isComplete: !lacks });

const unfilled =
  (after: number): Step =>
  (feed, asked) =>
    feed.unfilled(asked(after));

/** What a feed that stands at 5, or does not know yet where it stands, says to these steps, in order. */
function says(steps: readonly Step[], { isKept = true, stands = true } = {}): string[] {
  const log: string[] = [];
  const asks: { readonly after: number; readonly ask: number; readonly epoch: string | undefined }[] = [];
  const feed = new Feed({
    channel: "chat",
    isKept,
    deliver: ({ epoch, offset, follows = offset - 1 }) =>
      log.push(`${epoch}${offset}${follows === offset - 1 ? "" : ` behind ${follows}`}`),
    skip: ({ epoch, offset }) => log.push(`gap until ${epoch}${offset}`),
    fetch: (after, ask) => {
      asks.push({ after, ask, epoch: feed.position?.epoch });
      log.push(`fetch ${after}`);
    },
  });
  const asked: Asked = (after, epoch) => {
    const behind = asks.filter((each) => each.after === after);
    const meant = behind.find((each) => each.epoch === epoch) ?? behind[0];
    if (meant === undefined) return 0;
    asks.splice(asks.indexOf(meant), 1);
    return meant.ask;
  };
  if (stands) feed.compare(at(5));
  for (const step of steps) step(feed, asked);
  return log;
}

test.each<[string, Step[], string[]]>([
  ["in order", [hear(6), hear(7), hear(8)], ["a6", "a7", "a8"]],
  ["twice", [hear(6), hear(6), hear(7), hear(6)], ["a6", "a7"]],
  ["from before it began", [hear(5), hear(3), hear(6)], ["a6"]],
  ["too early", [hear(8)], ["fetch 5"]],
  ["too early, and then what was missing", [hear(8), hear(6), hear(7)], ["fetch 5", "a6", "a7"]],
  [
    "too early, all of which has been heard by the answer",
    [hear(8), hear(6), hear(7), filled(5, [6, 7, 8])],
    ["fetch 5", "a6", "a7", "a8"],
  ],
  ["too early and twice", [hear(8), hear(8), filled(5, [6, 7])], ["fetch 5", "a6", "a7", "a8"]],
  ["too early, in any order", [hear(9), hear(7), hear(8), filled(5, [6])], ["fetch 5", "a6", "a7", "a8", "a9"]],
  [
    "with two holes",
    [hear(7), hear(9), filled(5, [6]), filled(7, [8])],
    ["fetch 5", "a6", "a7", "fetch 7", "a8", "a9"],
  ],
])("an event that is heard %s is told once, right behind the one before it", (_, steps, expected) => {
  expect(says(steps)).toEqual(expected);
});

test.each<[string, Step[], string[]]>([
  ["all that is missing", [hear(8), filled(5, [6, 7, 8])], ["fetch 5", "a6", "a7", "a8"]],
  [
    "what was said since, too",
    [hear(8), filled(5, [6, 7, 8, 9, 10]), hear(9), hear(11)],
    ["fetch 5", "a6", "a7", "a8", "a9", "a10", "a11"],
  ],
  ["its end alone", [hear(9), filled(5, [8, 9], { lacks: true })], ["fetch 5", "gap until a7", "a8", "a9"]],
  ["nothing of it", [hear(8), filled(5, [], { until: 8, lacks: true })], ["fetch 5", "gap until a8"]],
  [
    "no longer what stood in its midst",
    [hear(9), filled(5, [6, 9], { lacks: true })],
    ["fetch 5", "a6", "gap until a8", "a9"],
  ],
  [
    "what later ones of its subject replaced, not",
    [hear(9), filled(5, [7, 9])],
    ["fetch 5", "a7 behind 5", "a9 behind 7"],
  ],
  [
    "one page of it",
    [hear(10), filled(5, [6, 7], { until: 10 }), filled(7, [8, 9], { until: 10 })],
    ["fetch 5", "a6", "a7", "fetch 7", "a8", "a9", "a10"],
  ],
  [
    "one page, and then no more",
    [hear(10), filled(5, [6, 7], { until: 10 }), filled(7, [], { until: 10, lacks: true })],
    ["fetch 5", "a6", "a7", "fetch 7", "gap until a10"],
  ],
  [
    "nothing, and lacks nothing: it was never taken",
    [hear(8), filled(5, [], { until: 5 })],
    ["fetch 5", "gap until a7", "a8"],
  ],
  [
    "nothing, and it is only known that there is more",
    [compare(8), filled(5, [], { until: 5 })],
    ["fetch 5", "gap until a8"],
  ],
  ["an answer to what was not asked", [filled(5, [6, 7]), filled(9, [10])], []],
  ["an answer to something else", [hear(8), filled(4, [5, 6, 7, 8])], ["fetch 5"]],
  [
    "what waited, and then what follows it",
    [hear(8), filled(5, [6, 7, 8]), hear(10), filled(8, [9])],
    ["fetch 5", "a6", "a7", "a8", "fetch 8", "a9", "a10"],
  ],
  ["the same answer twice", [hear(7), filled(5, [6, 7]), filled(5, [6, 7])], ["fetch 5", "a6", "a7"]],
])("a hole is filled with what the stream has: %s", (_, steps, expected) => {
  expect(says(steps)).toEqual(expected);
});

test.each<[string, Step[], string[]]>([
  ["is asked for again by what comes next", [hear(8), unfilled(5), hear(9)], ["fetch 5", "fetch 5"]],
  ["is asked for again by a comparison", [hear(8), unfilled(5), compare(8)], ["fetch 5", "fetch 5"]],
  [
    "is filled by what is heard",
    [hear(8), unfilled(5), hear(6), filled(6, [7, 8])],
    ["fetch 5", "a6", "fetch 6", "a7", "a8"],
  ],
  ["of another place is nothing to this one", [hear(8), unfilled(4), hear(9)], ["fetch 5"]],
  ["is not asked for twice at a time", [hear(8), hear(9), hear(11), compare(12)], ["fetch 5"]],
])("a hole that could not be read %s", (_, steps, expected) => {
  expect(says(steps)).toEqual(expected);
});

test.each<[string, Step[], string[]]>([
  ["where it is", [compare(5)], []],
  ["behind it", [compare(4), hear(6)], ["a6"]],
  ["ahead of it", [compare(7), filled(5, [6, 7])], ["fetch 5", "a6", "a7"]],
  ["ahead of it, and what is there is heard", [compare(6), hear(6), filled(5, [6])], ["fetch 5", "a6"]],
  ["in another life", [compare(7, "b"), hear(8, "b")], ["gap until b7", "b8"]],
  ["in another life, at the same place", [compare(5, "b"), hear(6, "b")], ["gap until b5", "b6"]],
  ["in another life, which has only begun", [compare(0, "b"), hear(1, "b")], ["gap until b0", "b1"]],
  ["in a life that is over", [compare(7, "b"), compare(9, "a"), hear(8, "b")], ["gap until b7", "b8"]],
])("compared with a stream that is %s, it goes on from there", (_, steps, expected) => {
  expect(says(steps)).toEqual(expected);
});

test.each<[string, Step[], string[]]>([
  ["its first event", [hear(1, "b"), hear(2, "b")], ["gap until b0", "b1", "b2"]],
  ["a later event", [hear(9, "b"), hear(8, "b"), hear(10, "b")], ["gap until b8", "b9", "b10"]],
  ["what was read", [hear(8), filled(5, [6, 7, 8], { epoch: "b" }), hear(9, "b")], ["fetch 5", "gap until b8", "b9"]],
  ["and what is late of the former", [hear(7, "b"), hear(6), hear(8), hear(8, "b")], ["gap until b6", "b7", "b8"]],
  [
    "and what waited of the former is forgotten",
    [hear(8), hear(7, "b"), hear(8, "b")],
    ["fetch 5", "gap until b6", "b7", "b8"],
  ],
  [
    "and an answer of the former comes late",
    [hear(8), hear(7, "b"), filled(5, [6, 7, 8]), hear(8, "b")],
    ["fetch 5", "gap until b6", "b7", "b8"],
  ],
  [
    "and an answer of the former comes late, to what is asked anew",
    [hear(8), compare(5, "b"), hear(7, "b"), filled(5, [6, 7, 8]), filled(5, [6], { epoch: "b" })],
    ["fetch 5", "gap until b5", "fetch 5", "b6", "b7"],
  ],
  [
    "which is read at once",
    [hear(8), compare(5, "b"), hear(7, "b"), filled(5, [6, 7], { epoch: "b" })],
    ["fetch 5", "gap until b5", "fetch 5", "b6", "b7"],
  ],
])("another life of the stream begins with a gap: %s", (_, steps, expected) => {
  expect(says(steps)).toEqual(expected);
});

test("of its last eight lives it takes nothing for a new one", () => {
  const lives = [..."bcdefghi"].map((epoch) => hear(1, epoch));
  const begun = [..."bcdefghi"].flatMap((epoch) => [`gap until ${epoch}0`, `${epoch}1`]);
  expect(says([...lives, hear(9, "a"), compare(9, "b"), hear(2, "i")])).toEqual([...begun, "i2"]);
});

test("a life that is over for longer than eight others is a new one", () => {
  const lives = [..."bcdefghij"].map((epoch) => hear(1, epoch));
  expect(says([...lives, hear(9, "a")]).slice(-2)).toEqual(["gap until a8", "a9"]);
});

test.each<[string, Step[], string[]]>([
  ["what is too early comes behind a gap", [hear(8), hear(9)], ["gap until a7", "a8", "a9"]],
  ["what comes after its place was given up is not told", [hear(8), hear(7)], ["gap until a7", "a8"]],
  ["what a comparison shows to be lost is a gap", [compare(7), hear(8)], ["gap until a7", "a8"]],
  ["a comparison that shows nothing is none", [hear(6), compare(6), compare(5)], ["a6"]],
])("where nothing is kept, nothing is read: %s", (_, steps, expected) => {
  expect(says(steps, { isKept: false })).toEqual(expected);
});

test.each<[string, Step[], string[]]>([
  ["hears nothing", [hear(6), hear(7)], []],
  ["begins where the stream is, without a gap", [hear(6), compare(6), hear(7)], ["a7"]],
  ["begins at the beginning", [compare(0), hear(1)], ["a1"]],
  [
    "has what is said behind that place, and came before the answer",
    [hear(6), hear(7), hear(8), compare(6)],
    ["a7", "a8"],
  ],
  ["reads what stands between", [hear(9), compare(6), filled(6, [7, 8, 9])], ["fetch 6", "a7", "a8", "a9"]],
  ["has nothing of another life", [hear(7, "b"), compare(6), hear(7)], ["a7"]],
])("before it was told where the stream is it %s", (_, steps, expected) => {
  expect(says(steps, { stands: false })).toEqual(expected);
});

test("of what is too early it remembers a thousand, and reads the rest", () => {
  const early = Array.from({ length: 1_500 }, (_, index) => hear(7 + index));
  const log = says([...early, filled(5, [6], { until: 1_506 })]);
  expect(log.slice(0, 2)).toEqual(["fetch 5", "a6"]);
  expect(log.slice(-2)).toEqual(["a1006", "fetch 1006"]);
  expect(log).toHaveLength(1_003);
});

test("what comes too early again and again takes up the place of one", () => {
  const early = Array.from({ length: 1_500 }, () => hear(8));
  expect(says([...early, hear(9), filled(5, [6, 7])])).toEqual(["fetch 5", "a6", "a7", "a8", "a9"]);
});

test("what was not remembered is told when it has been read, with what is heard meanwhile", () => {
  const early = Array.from({ length: 1_002 }, (_, index) => hear(7 + index));
  const steps = [...early, filled(5, [6], { until: 1_008 }), hear(1_009), filled(1_006, [1_007, 1_008, 1_009])];
  expect(says(steps).slice(-4)).toEqual(["fetch 1006", "a1007", "a1008", "a1009"]);
});

test("what is read has all that was said of it", () => {
  const events: unknown[] = [];
  const feed = new Feed({
    channel: "chat",
    isKept: true,
    deliver: (event) => events.push(event),
    skip: () => {},
    fetch: () => {},
  });
  const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const event = { type: "priced", payloadJson: "1", except: "c1", latestOf: "BTC", trace };
  feed.compare(at(5));
  feed.compare(at(7));
  feed.filled(1, { ...at(7), events: [{ ...event, offset: 7 }], isComplete: true });
  expect(events).toEqual([{ ...event, channel: "chat", epoch: "a", offset: 7, follows: 5 }]);
});

/** How the wait for a place ends, if it has by now. */
async function howItIsReached(place: Position, steps: readonly Step[]) {
  const feed = new Feed({ channel: "chat", isKept: true, deliver: () => {}, skip: () => {}, fetch: () => {} });
  feed.compare(at(5));
  const reached = feed.reach(place);
  if (reached === undefined) return "at once";
  // There is one question at most.
  for (const step of steps) step(feed, () => 1);
  return Promise.race([reached, Promise.resolve("not yet")]);
}

const giveUp: Step = (feed) => feed.giveUpWaiting();

test.each<[string, Position, Step[], string]>([
  ["where it is", at(5), [], "at once"],
  ["behind it", at(3), [], "at once"],
  ["next", at(6), [], "not yet"],
  ["next, and heard", at(6), [hear(6)], "reached"],
  ["next, and something behind it is heard", at(6), [hear(7)], "not yet"],
  ["next, and read", at(6), [hear(7), filled(5, [6, 7])], "reached"],
  ["in a gap", at(6), [hear(7), filled(5, [7], { lacks: true })], "reached"],
  ["next, and the stream can't be read", at(6), [hear(7), unfilled(5)], "given-up"],
  ["next, and given up", at(6), [giveUp], "given-up"],
  ["of another life", at(2, "b"), [hear(6), hear(1, "b")], "not yet"],
  ["of another life, and heard", at(2, "b"), [hear(2, "b")], "reached"],
  ["of another life, and compared with", at(2, "b"), [compare(2, "b")], "reached"],
  ["of a life that is over by then", at(6), [compare(2, "b")], "reached"],
])("a place that is %s", async (_, place, steps, expected) => {
  expect(await howItIsReached(place, steps)).toBe(expected);
});

test("a place of a life that is over is reached at once", () => {
  const feed = new Feed({ channel: "chat", isKept: true, deliver: () => {}, skip: () => {}, fetch: () => {} });
  feed.compare(at(5));
  feed.compare(at(0, "b"));
  expect(feed.reach(at(9))).toBeUndefined();
  expect(feed.position).toEqual(at(0, "b"));
});

test("nobody waits for a place in front of where it begins", () => {
  const feed = new Feed({ channel: "chat", isKept: true, deliver: () => {}, skip: () => {}, fetch: () => {} });
  expect(feed.reach(at(9))).toBeUndefined();
  expect(feed.position).toBeUndefined();
});

test("each who waits is told once, at its own place", async () => {
  const feed = new Feed({ channel: "chat", isKept: true, deliver: () => {}, skip: () => {}, fetch: () => {} });
  feed.compare(at(5));
  const log: string[] = [];
  const places = [8, 6, 7].map((offset) => feed.reach(at(offset))?.then((how) => log.push(`${offset} ${how}`)));
  for (const offset of [6, 7]) {
    hear(offset)(feed, () => 1);
    await places[[8, 6, 7].indexOf(offset)];
  }
  feed.giveUpWaiting();
  await Promise.all(places);
  expect(log).toEqual(["6 reached", "7 reached", "8 given-up"]);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RecordingTurn } from "../../test/support/recording-turn.js";
import { Backlog } from "./backlog.js";
import { Entry, joinFrames, type Mark } from "./entry.js";
import { encodeTextFrame } from "./frame.js";
import { Lane, type LaneOverflow } from "./lane.js";

const GAP = encodeTextFrame("gap");
const dropOldest: LaneOverflow = { drop: "oldest", gap: GAP };
const dropNewest: LaneOverflow = { drop: "newest", gap: GAP };

/** A frame of 10 bytes, whatever it says. */
const ten = (word: string) => encodeTextFrame(word.padEnd(8));

/**
 * An outbox with a limit of 100 bytes, of which 50 are with a socket that takes nothing more for now: five frames of 10
 * bytes may still wait.
 */
function openHalfFull() {
  const recording = new RecordingTurn();
  let overflows = 0;
  const { outbox, socket } = recording.open({ limit: 100, overflow: () => (overflows += 1) });
  socket.isStuck = true;
  outbox.push(encodeTextFrame("-".repeat(48)));
  recording.end();
  const missed: Mark[] = [];
  const open = (overflow: LaneOverflow) => {
    const lane = new Lane(recording.turn, overflow);
    lane.add(outbox, { fellBehind: (mark) => missed.push(mark) });
    return lane;
  };
  /** Each in a turn of its own. A word such as `b7` makes others that begin with `b` needless. */
  const say = (lane: Lane, ...words: string[]) => {
    for (const word of words) {
      lane.push(ten(word), undefined, { epoch: "e1", offset: Number(word.replace(/\D/g, "")), latestOf: word[0] });
      recording.end();
    }
  };
  const drain = async () => {
    while (outbox.bufferedBytes > 0) {
      socket.drain();
      await Promise.resolve();
    }
  };
  /** All that came behind those 50 bytes, when the socket takes everything. */
  const heard = async () => {
    await drain();
    return socket.texts.slice(1).map((text) => text.trimEnd());
  };
  const { counters } = recording;
  return { recording, outbox, socket, missed, open, say, drain, heard, counters, overflows: () => overflows };
}

const words = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);

describe("events that do not fit", () => {
  test("of a channel that disconnects close the connection, and nothing that waits is sent", async () => {
    const { say, open, heard, overflows } = openHalfFull();
    const lane = open("disconnect");
    say(lane, ...words(1, 5));
    expect(overflows()).toBe(0);
    say(lane, "6");
    expect(overflows()).toBe(1);
    expect(await heard()).toEqual([]);
  });

  test("of a channel that is caught up with are left to its owner, who is told the first of them", async () => {
    const { say, open, heard, missed, overflows } = openHalfFull();
    const lane = open("catch-up");
    say(lane, ...words(1, 9));
    expect(missed).toMatchObject([{ epoch: "e1", offset: 6 }]);
    expect(lane.size).toBe(0);
    expect(await heard()).toEqual(words(1, 5));
    expect(overflows()).toBe(0);
  });

  test("of one turn are left to its owner from the first on, though a later one would fit", async () => {
    const { open, heard, missed, recording } = openHalfFull();
    const lane = open("catch-up");
    for (const [word, size] of [
      ["1", 40],
      ["2", 40],
      ["3", 4],
    ] as const) {
      lane.push(encodeTextFrame(word.padEnd(size)), undefined, { epoch: "e1", offset: Number(word) });
    }
    recording.end();
    expect(missed).toMatchObject([{ offset: 2 }]);
    expect(await heard()).toEqual(["1"]);
  });

  test.each([
    ["drop-newest", dropNewest, 6, [...words(1, 5), "gap"]],
    ["drop-newest", dropNewest, 9, [...words(1, 5), "gap"]],
    ["drop-oldest", dropOldest, 6, ["gap", ...words(3, 6)]],
    ["drop-oldest", dropOldest, 7, ["gap", ...words(4, 7)]],
    ["drop-oldest", dropOldest, 99, ["gap", ...words(96, 99)]],
  ])("of a channel with %s are one gap in the place of the first (%#)", async (kind, overflow, count, expected) => {
    const { say, open, heard, overflows, counters } = openHalfFull();
    const lane = open(overflow);
    say(lane, ...words(1, count));
    const stayed = expected.length - 1;
    expect(await heard()).toEqual(expected);
    expect([counters.eventsDropped, counters.gaps, overflows()]).toEqual([count - stayed, 1, 0]);
    expect(counters.newestDropped).toBe(kind === "drop-newest" ? count - stayed : 0);
    say(lane, `${count + 1}`);
    expect(await heard()).toEqual([...expected, `${count + 1}`]);
  });

  test("of a channel that drops the oldest count as such, also one that is too big by itself", () => {
    const { open, recording, counters } = openHalfFull();
    open(dropOldest).push(encodeTextFrame("x".repeat(60)), undefined);
    recording.end();
    expect([counters.eventsDropped, counters.newestDropped]).toEqual([1, 0]);
  });

  test("leave the frames of others in their place", async () => {
    const { say, open, heard, outbox, recording } = openHalfFull();
    const [lane, other] = [open(dropOldest), open("disconnect")];
    say(lane, "1");
    say(other, "101");
    say(lane, "2");
    outbox.push(ten("direct"));
    recording.end();
    say(lane, "3", "4");
    expect(await heard()).toEqual(["gap", "101", "direct", "3", "4"]);
  });

  test("of a channel that drops its oldest, and has none that waits, are dropped themselves", async () => {
    const { say, open, heard } = openHalfFull();
    const [lane, other] = [open(dropOldest), open("disconnect")];
    say(other, ...words(101, 105));
    say(lane, ...words(1, 3));
    expect(await heard()).toEqual([...words(101, 105), "gap"]);
  });

  test("are one gap also where all of the channel had to go, and the last does not fit even then", async () => {
    const { say, open, heard, recording } = openHalfFull();
    const lane = open(dropOldest);
    say(lane, "1", "2");
    lane.push(encodeTextFrame("3".repeat(60)), undefined, { epoch: "e1", offset: 3 });
    recording.end();
    expect(await heard()).toEqual(["gap"]);
  });

  test("after a gap that was sent already are a gap of their own", () => {
    const { outbox, recording } = openHalfFull();
    const lane = new Lane(recording.turn, dropNewest);
    lane.add(outbox);
    const backlog = new Backlog(outbox, 100, recording.counters);
    const add = (word: string, to: Lane | undefined, socketBytes: number) =>
      backlog.add(new Entry(0, ten(word), to, undefined, undefined, to === undefined), socketBytes);
    for (const word of words(1, 12)) add(word, lane, 0);
    add("other", undefined, 0);
    expect(joinFrames(backlog.take(105))?.toString("latin1")).toMatch(/10 .*gap$/);
    for (const word of words(13, 15)) add(word, lane, 95);
    expect(backlog.take(Number.POSITIVE_INFINITY).map(({ frame }) => frame.length)).toEqual([10, GAP.length]);
    expect(recording.counters.gaps).toBe(2);
  });

  test.each([
    ["drop-newest", dropNewest],
    ["drop-oldest", dropOldest],
  ])("after somebody left and came back are a gap behind that, too: %s", async (_, overflow) => {
    const { say, open, heard, outbox, recording } = openHalfFull();
    const lane = open(overflow);
    say(lane, ...words(1, 6));
    lane.delete(outbox);
    outbox.push(encodeTextFrame("subscribed"), true);
    recording.end();
    lane.add(outbox, { fellBehind: () => {} });
    say(lane, ...words(7, 9));
    const all = await heard();
    expect(all.slice(all.indexOf("subscribed"))).toEqual(["subscribed", "gap"]);
  });
});

describe("events of which only the latest of a key matters", () => {
  test("replace the one that waits, and take a place at the end", async () => {
    const { say, open, heard, counters } = openHalfFull();
    say(open("keep-latest"), "a1", "b2", "c3", "a4", "b5", "a6");
    expect(await heard()).toEqual(["c3", "b5", "a6"]);
    expect([counters.eventsConflated, counters.gaps]).toEqual([3, 0]);
  });

  test("do not replace what the socket was given", () => {
    const { outbox, recording } = openHalfFull();
    const lane = new Lane(recording.turn, "keep-latest");
    lane.add(outbox);
    const backlog = new Backlog(outbox, 100, recording.counters);
    const add = (word: string) => {
      const mark = { epoch: "e1", offset: 0, latestOf: word[0] };
      backlog.add(new Entry(0, ten(word), lane, mark, undefined, false), 0);
    };
    for (const word of ["a1", "b2"]) add(word);
    expect(backlog.take(10).map(({ frame }) => frame)).toEqual([ten("a1")]);
    for (const word of ["a3", "a4"]) add(word);
    expect(backlog.bytes).toBe(20);
    expect(backlog.take(100).map(({ frame }) => frame)).toEqual([ten("b2"), ten("a4")]);
    expect([backlog.bytes, backlog.isEmpty, recording.counters.eventsConflated]).toEqual([0, true, 1]);
  });

  test("never fill it, however many there are", async () => {
    const { say, open, heard, overflows } = openHalfFull();
    const lane = open("keep-latest");
    for (let round = 0; round < 100; round += 1) say(lane, ...["a", "b", "c", "d", "e"].map((key) => `${key}${round}`));
    expect(await heard()).toEqual(["a99", "b99", "c99", "d99", "e99"]);
    expect(overflows()).toBe(0);
  });

  test("close the connection where there are too many keys", () => {
    const { say, open, overflows } = openHalfFull();
    say(open("keep-latest"), "a1", "b2", "c3", "d4", "e5", "f6");
    expect(overflows()).toBe(1);
  });

  test("of one channel do not replace those of another", async () => {
    const { say, open, heard } = openHalfFull();
    const [lane, other] = [open("keep-latest"), open("keep-latest")];
    say(lane, "a1");
    say(other, "a2");
    say(lane, "a3");
    expect(await heard()).toEqual(["a2", "a3"]);
  });
});

test("what tells where a connection stands may wait up to twice the limit, anything else up to the limit", () => {
  const { outbox, recording, overflows } = openHalfFull();
  for (let bytes = 60; bytes <= 200; bytes += 10) {
    outbox.push(ten("gap"), true);
    recording.end();
    expect(outbox.bufferedBytes).toBe(bytes);
  }
  expect(overflows()).toBe(0);
  outbox.push(ten("gap"), true);
  recording.end();
  expect(overflows()).toBe(1);
  const second = openHalfFull();
  for (const word of words(1, 5)) second.outbox.push(ten(word));
  expect(second.overflows()).toBe(0);
  second.outbox.push(ten("6"));
  expect(second.overflows()).toBe(1);
});

test("what waits beside much that is essential is not more than the limit", () => {
  const { outbox, recording, overflows } = openHalfFull();
  for (const word of words(1, 10)) outbox.push(ten(word), true);
  recording.end();
  expect(overflows()).toBe(0);
  outbox.push(ten("one more"));
  recording.end();
  expect(overflows()).toBe(1);
});

const KINDS = ["catch-up", "drop-oldest", "drop-newest", "keep-latest"] as const;
const KEYS = ["a", "b", "c"];
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("say" as const),
      lane: fc.nat(KINDS.length - 1),
      size: fc.integer({ min: 6, max: 30 }),
      key: fc.constantFrom(...KEYS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("tell" as const), size: fc.integer({ min: 2, max: 12 }) }) },
  { weight: 4, arbitrary: fc.constant({ do: "end the turn" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "take" as const }) },
);
const manySteps = fc.array(step, { maxLength: 80, size: "max" });

test.each([3, 20])(
  "whatever is said and taken, nothing is lost in silence, and no more waits than may (gap of %i)",
  async (gapSize) => {
    const LIMIT = 120;
    const property = fc.asyncProperty(manySteps, async (steps) => {
      const recording = new RecordingTurn();
      let isClosed = false;
      const { outbox, socket } = recording.open({ limit: LIMIT, overflow: () => (isClosed = true) });
      socket.isStuck = true;
      const missed: (number | undefined)[] = KINDS.map(() => undefined);
      const gap = (kind: string) => encodeTextFrame(`${kind} gap`.padEnd(gapSize));
      const lanes = KINDS.map((kind, index) => {
        const drop = kind === "drop-oldest" ? ("oldest" as const) : ("newest" as const);
        const overflow = kind.startsWith("drop") ? { drop, gap: gap(String(index)) } : (kind as LaneOverflow);
        const lane = new Lane(recording.turn, overflow);
        // Whoever fell behind is told once, and hears nothing more.
        lane.add(outbox, {
          fellBehind: ({ offset }) => {
            expect(missed[index]).toBeUndefined();
            missed[index] = offset;
          },
        });
        return lane;
      });
      const said: { readonly n: number; readonly key: string }[][] = KINDS.map(() => []);
      const take = async () => {
        socket.drain();
        await Promise.resolve();
      };
      for (const given of steps) {
        if (given.do === "say") {
          const n = (said[given.lane]?.length ?? 0) + 1;
          said[given.lane]?.push({ n, key: given.key });
          const frame = encodeTextFrame(`${given.lane} ${n}`.padEnd(given.size));
          lanes[given.lane]?.push(frame, undefined, { epoch: "e1", offset: n, latestOf: given.key });
        } else if (given.do === "tell") outbox.push(encodeTextFrame("x".repeat(given.size)), true);
        else if (given.do === "take") await take();
        else recording.end();
        const biggest = Math.max(0, ...socket.writes.map(({ byteLength }) => byteLength));
        if (given.do === "end the turn") expect(outbox.bufferedBytes).toBeLessThanOrEqual(Math.max(2 * LIMIT, biggest));
      }
      recording.end();
      while (outbox.bufferedBytes > 0) await take();
      expect(recording.counters.messagesSent).toBe(socket.texts.length);
      const heard = socket.texts.map((text) => text.trimEnd().split(" "));
      for (const [index, kind] of KINDS.entries()) {
        const words = heard.filter(([lane]) => lane === String(index)).map(([, word]) => word);
        const all = said[index] ?? [];
        // Each gap stands for at least one event, and every hole has one: closed, the end is a hole that the close tells.
        let [newest, hasGap] = [0, false];
        for (const word of [...words, ...(isClosed ? [] : [String(all.length + 1)])]) {
          if (word === "gap") {
            hasGap = true;
            continue;
          }
          const n = Number(word);
          expect(n).toBeGreaterThan(newest);
          if (kind.startsWith("drop")) expect(hasGap).toBe(n !== newest + 1);
          if (kind === "catch-up" && n <= all.length) expect(n).toBe(newest + 1);
          [newest, hasGap] = [n, false];
        }
        if (kind === "catch-up" && !isClosed) expect(words.length).toBe((missed[index] ?? all.length + 1) - 1);
        if (kind !== "keep-latest" || isClosed) continue;
        const latest = KEYS.flatMap((key) => all.findLast((event) => event.key === key)?.n ?? []);
        expect(words).toEqual(expect.arrayContaining(latest.map(String)));
      }
    });
    await fc.assert(property, { numRuns: 1_000 });
  },
);

import fc from "fast-check";
import { expect, test } from "vitest";
import { Attendance } from "./attendance.js";

const GRACE_MS = 5_000;
const OUTCOMES = ["done", "answer lost", "away"] as const;
const face = () => "{}";

/** A clock that stands until it is told to go on. */
class Timers {
  nowMs = 0;
  #waiting: { readonly dueMs: number; readonly run: () => void }[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  readonly after = (ms: number, run: () => void) => {
    const timer = { dueMs: this.nowMs + ms, run };
    this.#waiting.push(timer);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== timer);
      },
    };
  };

  advance(ms: number): void {
    this.nowMs += ms;
    const due = this.#waiting.filter(({ dueMs }) => dueMs <= this.nowMs);
    this.#waiting = this.#waiting.filter((timer) => !due.includes(timer));
    for (const { run } of due) run();
  }
}

/** Takes effect in the order it was asked, and answers as it is told to. */
class LateBroker {
  readonly asked: string[] = [];
  /** Such as `c ana`. */
  readonly present = new Set<string>();
  /** Whom it was to withdraw last, but was away. */
  readonly missed = new Set<string>();
  readonly #calls: Call[] = [];

  attend(channel: string, { id, faceJson }: { id: string; faceJson: string }): Promise<void> {
    this.asked.push(`attend ${channel} ${id} ${faceJson}`);
    return this.#ask({ verb: "attend", key: `${channel} ${id}` });
  }

  withdraw(channel: string, id: string): Promise<void> {
    this.asked.push(`withdraw ${channel} ${id}`);
    return this.#ask({ verb: "withdraw", key: `${channel} ${id}` });
  }

  /** The oldest call takes effect and is answered; or it fails, be it after that or before. */
  async next(outcome: (typeof OUTCOMES)[number] = "done"): Promise<void> {
    const call = this.#calls.shift();
    if (call === undefined) return;
    const { verb, key, resolve, reject } = call;
    if (outcome === "away" && verb === "withdraw") this.missed.add(key);
    else this.missed.delete(key);
    if (outcome !== "away") this.present[verb === "attend" ? "add" : "delete"](key);
    if (outcome === "done") resolve();
    else reject(new Error("away"));
    await settled();
  }

  async all(): Promise<void> {
    while (this.#calls.length > 0) await this.next();
  }

  #ask(call: Pick<Call, "verb" | "key">): Promise<void> {
    return new Promise((resolve, reject) => this.#calls.push({ ...call, resolve, reject }));
  }
}

interface Call {
  readonly verb: "attend" | "withdraw";
  readonly key: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What hung on an answer has gone on. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function attend({ graceMs = GRACE_MS }: { graceMs?: number } = {}) {
  const timers = new Timers();
  const link = new LateBroker();
  const errors: [string, string][] = [];
  const onError = (error: unknown, during: string) => void errors.push([during, String(error)]);
  return { attendance: new Attendance({ link, after: timers.after, graceMs, onError }), timers, link, errors };
}

type Does = (attendance: Attendance, timers: Timers) => unknown;
const enter: Does = (attendance) => attendance.enter("c", "ana", face);
const leave: Does = (attendance) => attendance.leave("c", "ana", "at-once");
const drop: Does = (attendance) => attendance.leave("c", "ana", "after-grace");
const pass =
  (ms: number): Does =>
  (_, timers) =>
    timers.advance(ms);

// `+` is asked to attend, `-` to withdraw. The broker answers nothing meanwhile.
test.each<[string, Does[], string]>([
  ["comes", [enter], "+"],
  ["comes with two devices", [enter, enter], "+"],
  ["comes and goes", [enter, leave], "+-"],
  ["goes with one of two devices", [enter, enter, leave], "+"],
  ["goes with both", [enter, enter, leave, leave], "+-"],
  ["is lost for less than the grace", [enter, drop, pass(GRACE_MS - 1)], "+"],
  ["is lost for the grace", [enter, drop, pass(GRACE_MS)], "+-"],
  ["is lost and comes back", [enter, drop, pass(GRACE_MS - 1), enter, pass(GRACE_MS)], "+"],
  ["is lost, comes back and is lost: the grace begins anew", [enter, drop, pass(3_000), enter, drop, pass(4_999)], "+"],
  ["is lost, comes back and goes", [enter, drop, enter, leave, pass(GRACE_MS)], "+-"],
  ["is lost with one device and goes with the last", [enter, enter, drop, leave], "+-"],
  ["goes with one device and is lost with the last", [enter, enter, leave, drop, pass(GRACE_MS - 1)], "+"],
  ["is lost twice with one device", [enter, drop, drop, leave, pass(GRACE_MS)], "+-"],
  ["goes and comes again", [enter, leave, enter], "+-+"],
  ["goes twice", [enter, leave, leave, enter, enter, leave], "+-+"],
  ["goes and never came", [leave, drop, pass(GRACE_MS)], ""],
])("the broker is asked what there is to ask, where a member %s", async (_, steps, expected) => {
  const { attendance, timers, link, errors } = attend();
  for (const step of steps) void step(attendance, timers);
  expect(link.asked.map((what) => (what.startsWith("attend") ? "+" : "-")).join("")).toBe(expected);
  await link.all();
  expect([...link.present]).toEqual(expected.endsWith("+") ? ["c ana"] : []);
  expect(attendance.size).toBe(link.present.size);
  expect(errors).toEqual([]);
});

test("without a grace who is lost has left", async () => {
  const { attendance, link, timers } = attend({ graceMs: 0 });
  void attendance.enter("c", "ana", face);
  attendance.leave("c", "ana", "after-grace");
  expect(link.asked).toEqual(["attend c ana {}", "withdraw c ana"]);
  expect(timers.size + attendance.size).toBe(0);
  await link.all();
});

test("a face is made for a member who comes, and for none who is there, be it in its grace", async () => {
  const { attendance, link } = attend();
  let made = 0;
  const count = () => `{"n":${(made += 1)}}`;
  for (const id of ["ana", "ana", "ben"]) void attendance.enter("c", id, count);
  void attendance.enter("d", "ana", count);
  attendance.leave("d", "ana", "after-grace");
  void attendance.enter("d", "ana", count);
  attendance.leave("c", "ben", "at-once");
  void attendance.enter("c", "ben", count);
  expect(link.asked).toEqual([
    'attend c ana {"n":1}',
    'attend c ben {"n":2}',
    'attend d ana {"n":3}',
    "withdraw c ben",
    'attend c ben {"n":4}',
  ]);
  await link.all();
});

test("a member whose face can't be made does not enter, and is asked for anew by the next device", async () => {
  const { attendance, link } = attend();
  const fail = () => {
    throw new Error("no face");
  };
  await expect(attendance.enter("c", "ana", fail)).rejects.toThrow("no face");
  expect([link.asked, attendance.size]).toEqual([[], 0]);
  void attendance.enter("c", "ana", face);
  expect(link.asked).toEqual(["attend c ana {}"]);
  await link.all();
});

test("every device waits until the broker knows its member, and one that comes later does not", async () => {
  const { attendance, link } = attend();
  const entered: string[] = [];
  const first = attendance.enter("c", "ana", face).then(() => entered.push("first"));
  const second = attendance.enter("c", "ana", face).then(() => entered.push("second"));
  await settled();
  expect(entered).toEqual([]);
  await link.next();
  await Promise.all([first, second]);
  await attendance.enter("c", "ana", face);
  expect(link.asked).toHaveLength(1);
});

test("where the broker fails, every device that waited is told so, and none is counted", async () => {
  const { attendance, link, timers, errors } = attend();
  const entered = Promise.allSettled([attendance.enter("c", "ana", face), attendance.enter("c", "ana", face)]);
  const lost = Promise.allSettled([attendance.enter("c", "ben", face)]);
  attendance.leave("c", "ben", "after-grace");
  await link.next("away");
  await link.next("away");
  expect((await entered).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect((await lost).map(({ status }) => status)).toEqual(["rejected"]);
  expect(attendance.size + timers.size).toBe(0);
  await link.all();
  const again = attendance.enter("c", "ana", face);
  await link.all();
  await again;
  attendance.leave("c", "ana", "at-once");
  await link.all();
  expect([[...link.present], attendance.size, errors]).toEqual([[], 0, []]);
});

test("an attendance whose answer was lost is taken back", async () => {
  const { attendance, link } = attend();
  const entered = expect(attendance.enter("c", "ana", face)).rejects.toThrow("away");
  await link.next("answer lost");
  await entered;
  expect([...link.present]).toEqual(["c ana"]);
  await link.all();
  expect([...link.present]).toEqual([]);
});

test("an attendance that fails after its member went and came again takes nothing from the later one", async () => {
  const { attendance, link } = attend();
  const failed = expect(attendance.enter("c", "ana", face)).rejects.toThrow("away");
  attendance.leave("c", "ana", "at-once");
  const again = attendance.enter("c", "ana", face);
  await link.next("away");
  await failed;
  await link.all();
  await again;
  expect([[...link.present], attendance.size]).toEqual([["c ana"], 1]);
  expect(link.asked).toHaveLength(3);
});

test("a withdrawal that fails goes to `onError`", async () => {
  const { attendance, link, errors } = attend();
  void attendance.enter("c", "ana", face);
  await link.next();
  attendance.leave("c", "ana", "at-once");
  await link.next("away");
  expect(errors).toEqual([["withdraw", "Error: away"]]);
  expect(attendance.size).toBe(0);
});

test("closed, it forgets its timers and withdraws nobody, whatever is still answered", async () => {
  const { attendance, link, timers } = attend();
  for (const id of ["ana", "ben"]) void attendance.enter("c", id, face);
  await link.all();
  attendance.leave("c", "ana", "after-grace");
  const late = expect(attendance.enter("d", "cleo", face)).rejects.toThrow("away");
  attendance.close();
  attendance.leave("c", "ben", "after-grace");
  await link.next("away");
  await late;
  timers.advance(GRACE_MS);
  expect([attendance.size, timers.size]).toEqual([0, 0]);
  expect(link.asked).toEqual(["attend c ana {}", "attend c ben {}", "attend d cleo {}"]);
});

const who = { channel: fc.constantFrom("c", "d"), id: fc.constantFrom("ana", "ben") };
const steps = fc.array(
  fc.oneof(
    fc.record({ does: fc.constant("enter" as const), ...who }),
    fc.record({ does: fc.constantFrom("at-once" as const, "after-grace" as const), ...who }),
    fc.record({ does: fc.constant("wait" as const), ms: fc.constantFrom(1, 2_000, GRACE_MS) }),
    fc.record({ does: fc.constant("answer" as const), outcome: fc.constantFrom(...OUTCOMES) }),
  ),
  { maxLength: 40 },
);

test("whatever comes and goes, those are present who have a device, or had one within the grace", () => {
  const property = fc.property(steps, (given) => {
    const { attendance, link, timers } = attend();
    const devices = new Map<string, number>();
    const lostAtMs = new Map<string, number>();
    const left = new Set<string>();
    for (const step of given) {
      // What the broker answers is not waited for here: it is asked at the call.
      if (step.does === "answer") continue;
      if (step.does === "wait") timers.advance(step.ms);
      else {
        const key = `${step.channel} ${step.id}`;
        const count = devices.get(key) ?? 0;
        if (step.does === "enter") {
          void attendance.enter(step.channel, step.id, face);
          devices.set(key, count + 1);
        } else if (count > 0) {
          attendance.leave(step.channel, step.id, step.does);
          devices.set(key, count - 1);
          if (step.does === "after-grace") lostAtMs.set(key, timers.nowMs);
          else lostAtMs.delete(key);
        }
      }
      const expected = [...devices]
        .filter(([key, count]) => count > 0 || (lostAtMs.get(key) ?? -GRACE_MS) + GRACE_MS > timers.nowMs)
        .map(([key]) => key);
      left.clear();
      for (const what of link.asked) {
        const [verb, channel, id] = what.split(" ");
        // Nobody is asked for twice, nor withdrawn twice.
        expect(left.has(`${channel} ${id}`)).toBe(verb === "withdraw");
        if (verb === "attend") left.add(`${channel} ${id}`);
        else left.delete(`${channel} ${id}`);
      }
      expect([...left].sort()).toEqual(expected.sort());
      expect(attendance.size).toBe(new Set(expected.map((key) => key.split(" ")[0])).size);
    }
  });
  fc.assert(property, { numRuns: 500 });
});

test("however late the broker answers, and whatever it fails at, it ends as the devices that were not refused have it", async () => {
  const property = fc.asyncProperty(steps, async (given) => {
    const { attendance, link, timers, errors } = attend();
    const entered = new Map<string, { isThere: boolean }[]>();
    const answers: Promise<unknown>[] = [];
    for (const step of given) {
      if (step.does === "wait") timers.advance(step.ms);
      else if (step.does === "answer") await link.next(step.outcome);
      else {
        const key = `${step.channel} ${step.id}`;
        const devices = entered.get(key) ?? [];
        entered.set(key, devices);
        if (step.does === "enter") {
          const device = { isThere: true };
          devices.push(device);
          answers.push(
            attendance.enter(step.channel, step.id, face).catch(() => {
              device.isThere = false;
            }),
          );
        } else {
          const device = devices.find(({ isThere }) => isThere);
          if (device === undefined) continue;
          device.isThere = false;
          attendance.leave(step.channel, step.id, step.does);
        }
      }
    }
    await link.all();
    timers.advance(GRACE_MS);
    await link.all();
    await Promise.all(answers);
    const expected = [...entered].filter(([, devices]) => devices.some(({ isThere }) => isThere)).map(([key]) => key);
    expect(attendance.size).toBe(new Set(expected.map((key) => key.split(" ")[0])).size);
    expect(timers.size).toBe(0);
    // Only a withdrawal that did not reach the broker leaves somebody there, and that was reported.
    const tooMany = [...link.present].filter((key) => link.missed.has(key) && !expected.includes(key));
    expect([...link.present].sort()).toEqual([...expected, ...tooMany].sort());
    expect(errors.length).toBeGreaterThanOrEqual(tooMany.length);
  });
  await fc.assert(property, { numRuns: 300 });
});

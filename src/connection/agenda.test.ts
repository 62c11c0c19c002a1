import fc from "fast-check";
import { expect, test } from "vitest";
import type { Clock, Timer } from "../base/clock.js";
import { FakeClock } from "../testing/fake-clock.js";
import { Agenda, type AgendaEntry } from "./agenda.js";

const DAY_MS = 24 * 60 * 60 * 1_000;

/** A fake clock that knows how many timers it has, and how long each was to take. */
class CountingClock implements Clock {
  readonly fake = new FakeClock();
  readonly setMs: number[] = [];
  timers = 0;

  now(): number {
    return this.fake.now();
  }
  elapsed(): number {
    return this.fake.now();
  }

  after(ms: number, run: () => void): Timer {
    this.setMs.push(ms);
    this.timers += 1;
    let isSet = true;
    const end = () => {
      if (isSet) this.timers -= 1;
      isSet = false;
    };
    const timer = this.fake.after(ms, () => {
      end();
      run();
    });
    return {
      cancel: () => {
        end();
        timer.cancel();
      },
    };
  }
}

function start() {
  const clock = new CountingClock();
  const beganMs = clock.now();
  const errors: unknown[] = [];
  const agenda = new Agenda(clock, (error) => errors.push(error));
  const ran: string[] = [];
  /** Writes down its name and when it ran. */
  const plan = (name: string, inMs: number, also: () => void = () => {}): AgendaEntry =>
    agenda.at(beganMs + inMs, () => {
      ran.push(`${name} ${clock.now() - beganMs}`);
      also();
    });
  return { clock, beganMs, agenda, errors, ran, plan };
}

test("everything runs at its time, and what is due at one time in the order it was added", async () => {
  const { clock, agenda, ran, plan } = start();
  for (const [name, inMs] of [
    ["c", 20],
    ["a", 10],
    ["d", 20],
    ["b", 10],
    ["e", 20],
  ] as const)
    plan(name, inMs);
  expect(agenda.size).toBe(5);
  await clock.fake.advance("9ms");
  expect(ran).toEqual([]);
  await clock.fake.advance("1s");
  expect(ran).toEqual(["a 10", "b 10", "c 20", "d 20", "e 20"]);
  expect(agenda.size).toBe(0);
});

test("there is one timer at any time, set anew only for what is earlier", async () => {
  const { clock, plan } = start();
  expect(clock.timers).toBe(0);
  for (const inMs of [500, 900, 500, 200, 300, 200]) {
    plan("x", inMs);
    expect(clock.timers).toBe(1);
  }
  expect(clock.setMs).toEqual([500, 200]);
  await clock.fake.advance("1s");
  expect(clock.setMs).toEqual([500, 200, 100, 200, 400]);
  expect(clock.timers).toBe(0);
});

test("what has passed runs as soon as can be, but not before the call has returned", async () => {
  const { clock, ran, plan } = start();
  plan("late", -5_000);
  plan("now", 0);
  expect(ran).toEqual([]);
  await clock.fake.advance("0ms");
  expect(ran).toEqual(["late 0", "now 0"]);
});

test("a cancelled entry does not run, and cancelling again does nothing", async () => {
  const { clock, agenda, ran, plan } = start();
  const first = plan("first", 10);
  plan("second", 20);
  first.cancel();
  first.cancel();
  expect(agenda.size).toBe(1);
  await clock.fake.advance("1s");
  expect(ran).toEqual(["second 20"]);
  first.cancel();
  expect(agenda.size).toBe(0);
});

test("to cancel an entry that ran touches no other", async () => {
  const { clock, ran, plan } = start();
  const first = plan("first", 10);
  await clock.fake.advance("10ms");
  plan("second", 20);
  first.cancel();
  await clock.fake.advance("10ms");
  expect(ran).toEqual(["first 10", "second 20"]);
});

test("when the earliest is cancelled the timer stays and is set anew when it fires", async () => {
  const { clock, ran, plan } = start();
  const first = plan("first", 10);
  plan("second", 50);
  first.cancel();
  expect(clock.setMs).toEqual([10]);
  await clock.fake.advance("10ms");
  expect(clock.setMs).toEqual([10, 40]);
  await clock.fake.advance("40ms");
  expect(ran).toEqual(["second 50"]);
});

test("an entry that throws is told, and the others run", async () => {
  const { clock, errors, ran, plan } = start();
  const error = new Error("broken");
  plan("first", 10, () => {
    throw error;
  });
  plan("second", 10);
  plan("third", 20);
  await clock.fake.advance("1s");
  expect(errors).toEqual([error]);
  expect(ran).toEqual(["first 10", "second 10", "third 20"]);
});

test("where even the telling throws the later ones run all the same", async () => {
  const clock = new FakeClock();
  const agenda = new Agenda(clock, (error) => {
    throw error;
  });
  const ran: string[] = [];
  agenda.at(clock.now() + 10, () => {
    throw new Error("broken");
  });
  agenda.at(clock.now() + 20, () => ran.push("later"));
  await expect(clock.advance("10ms")).rejects.toThrow("broken");
  await clock.advance("10ms");
  expect(ran).toEqual(["later"]);
});

test("an entry may cancel others that are due with it", async () => {
  const { clock, ran, plan } = start();
  const others: AgendaEntry[] = [];
  plan("first", 10, () => {
    for (const other of others) other.cancel();
  });
  others.push(plan("second", 10), plan("third", 30));
  plan("fourth", 10);
  await clock.fake.advance("1s");
  expect(ran).toEqual(["first 10", "fourth 10"]);
});

test("an entry may add others, with one timer for all of them", async () => {
  const { clock, ran, plan } = start();
  plan("first", 10, () => {
    plan("later", 40);
    plan("sooner", 30);
    plan("at once", 10);
  });
  plan("second", 10);
  await clock.fake.advance("1s");
  expect(ran).toEqual(["first 10", "second 10", "at once 10", "sooner 30", "later 40"]);
  expect(clock.setMs).toEqual([10, 0, 20, 10]);
});

test("an entry that adds itself again at once lets the others run", async () => {
  const { clock, ran, plan } = start();
  let left = 3;
  const again = (): void => {
    left -= 1;
    if (left > 0) plan("again", 0, again);
  };
  plan("again", 0, again);
  plan("other", 0);
  await clock.fake.advance("0ms");
  expect(ran).toEqual(["again 0", "other 0", "again 0", "again 0"]);
});

test("a stopped agenda has nothing left to run and no timer", async () => {
  const { clock, agenda, ran, plan } = start();
  const entry = plan("first", 10);
  plan("second", 20);
  agenda.stop();
  expect([agenda.size, clock.timers]).toEqual([0, 0]);
  entry.cancel();
  await clock.fake.advance("1s");
  expect(ran).toEqual([]);
});

test("an entry of before the stop that is cancelled after it touches none that came since", async () => {
  const { clock, agenda, ran, plan } = start();
  const before = plan("before", 10);
  agenda.stop();
  plan("first", 20);
  plan("second", 30);
  before.cancel();
  await clock.fake.advance("1s");
  expect(ran).toEqual(["first 20", "second 30"]);
});

test("an entry may stop the agenda: those due with it don't run", async () => {
  const { clock, agenda, ran, plan } = start();
  plan("first", 10, () => agenda.stop());
  plan("second", 10);
  plan("third", 20);
  await clock.fake.advance("1s");
  expect(ran).toEqual(["first 10"]);
  expect([agenda.size, clock.timers]).toEqual([0, 0]);
});

test("what is further away than a timer can reach runs at its time", async () => {
  const { clock, ran, plan } = start();
  const inMs = 2 ** 31 + 5;
  plan("far", inMs);
  await clock.fake.advance(`${inMs - 1}ms`);
  expect(ran).toEqual([]);
  expect(Math.max(...clock.setMs)).toBe(DAY_MS);
  await clock.fake.advance("1ms");
  expect(ran).toEqual([`far ${inMs}`]);
});

test("what is for no time at all never runs", async () => {
  const { clock, agenda, ran, plan } = start();
  plan("never", Number.POSITIVE_INFINITY);
  plan("soon", 10);
  await clock.fake.advance("100h");
  expect(ran).toEqual(["soon 10"]);
  expect(agenda.size).toBe(1);
});

test("a time that is none is refused, since no other could be put in order with it", () => {
  const { agenda } = start();
  expect(() => agenda.at(Number.NaN, () => {})).toThrow(RangeError);
  expect(agenda.size).toBe(0);
});

/** A clock whose time and timer are moved each by itself. */
function handClock() {
  const set: { ms: number; run: () => void }[] = [];
  const clock = { nowMs: 1_000, now: () => clock.nowMs, elapsed: () => clock.nowMs, after, fire };
  function after(ms: number, run: () => void): Timer {
    const timer = { ms, run };
    set.push(timer);
    return { cancel: () => void set.splice(set.indexOf(timer), 1) };
  }
  function fire(): void {
    set.shift()?.run();
  }
  return { clock, set };
}

test("a timer that fires early, by the clock, is set for the rest", () => {
  const { clock, set } = handClock();
  const agenda = new Agenda(clock, () => {});
  const ran: number[] = [];
  agenda.at(1_500, () => ran.push(clock.nowMs));
  clock.nowMs = 1_499.5;
  clock.fire();
  expect(ran).toEqual([]);
  // In whole milliseconds: a timer of half a one would be early again.
  expect(set.map(({ ms }) => ms)).toEqual([1]);
  clock.nowMs = 1_500;
  clock.fire();
  expect(ran).toEqual([1_500]);
  expect(set).toEqual([]);
});

test("after a clock that stepped back everything still waits for its time", () => {
  const { clock, set } = handClock();
  const agenda = new Agenda(clock, () => {});
  const ran: string[] = [];
  agenda.at(1_500, () => ran.push("first"));
  clock.nowMs = 200;
  agenda.at(900, () => ran.push("second"));
  expect(set.map(({ ms }) => ms)).toEqual([700]);
  clock.nowMs = 900;
  clock.fire();
  expect(ran).toEqual(["second"]);
  expect(set.map(({ ms }) => ms)).toEqual([600]);
});

type Step =
  | {
      readonly do: "add";
      readonly inMs: number;
      readonly adds: number | undefined;
      readonly cancels: number | undefined;
    }
  | { readonly do: "cancel"; readonly which: number }
  | { readonly do: "advance"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("add" as const),
      inMs: fc.integer({ min: -5, max: 40 }),
      adds: fc.option(fc.integer({ min: -5, max: 20 }), { nil: undefined, freq: 3 }),
      cancels: fc.option(fc.nat(30), { nil: undefined, freq: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("cancel" as const), which: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.nat(15) }) },
);

/** The naive way: a list, searched for what comes next. One that is due and was added by another waits for its turn. */
class Model {
  nowMs = 0;
  readonly ran: string[] = [];
  #planned: { readonly id: number; readonly atMs: number; readonly run: () => void }[] = [];

  at(id: number, atMs: number, run: () => void): void {
    this.#planned.push({ id, atMs, run });
  }

  cancel(id: number): void {
    this.#planned = this.#planned.filter((planned) => planned.id !== id);
  }

  get size(): number {
    return this.#planned.length;
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const nextMs = Math.max(this.nowMs, Math.min(...this.#planned.map(({ atMs }) => atMs)));
      if (nextMs > untilMs) break;
      this.nowMs = nextMs;
      const due = this.#planned.filter(({ atMs }) => atMs <= nextMs).sort((a, b) => a.atMs - b.atMs || a.id - b.id);
      for (const planned of due) {
        if (!this.#planned.includes(planned)) continue;
        this.cancel(planned.id);
        this.ran.push(`${planned.id} ${nextMs}`);
        planned.run();
      }
    }
    this.nowMs = untilMs;
  }
}

test("whatever is added, cancelled and waited for, the same runs at the same time as from a list", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const { clock, beganMs, agenda } = start();
      const model = new Model();
      const ran: string[] = [];
      const entries: AgendaEntry[] = [];
      let modelCount = 0;
      const addToModel = (atMs: number, also: () => void): void => model.at(modelCount++, atMs, also);
      const addToReal = (atMs: number, also: () => void): void => {
        const id = entries.length;
        const run = () => {
          ran.push(`${id} ${clock.now() - beganMs}`);
          also();
        };
        entries.push(agenda.at(beganMs + atMs, run));
      };
      for (const each of steps) {
        if (each.do === "add") {
          const { inMs, adds, cancels } = each;
          const atMs = model.nowMs + inMs;
          addToModel(atMs, () => {
            if (cancels !== undefined) model.cancel(cancels);
            if (adds !== undefined) addToModel(model.nowMs + adds, () => {});
          });
          addToReal(atMs, () => {
            if (cancels !== undefined) entries[cancels]?.cancel();
            if (adds !== undefined) addToReal(clock.now() - beganMs + adds, () => {});
          });
        } else if (each.do === "cancel") {
          model.cancel(each.which);
          entries[each.which]?.cancel();
        } else {
          model.advance(each.ms);
          await clock.fake.advance(`${each.ms}ms`);
        }
        expect(agenda.size).toBe(model.size);
        expect(clock.timers).toBeLessThanOrEqual(1);
      }
      model.advance(100);
      await clock.fake.advance("100ms");
      expect(ran).toEqual(model.ran);
      expect([agenda.size, clock.timers]).toEqual([0, 0]);
    }),
    { numRuns: 200 },
  );
}, 60_000);

test("a hundred thousand entries, half of them cancelled, run in their order", async () => {
  const { clock, agenda, beganMs } = start();
  const ran: number[] = [];
  const entries = Array.from({ length: 100_000 }, (_, index) => {
    const inMs = (index * 7_919) % 30_011;
    return agenda.at(beganMs + inMs, () => ran.push(inMs));
  });
  for (const entry of entries.filter((_, index) => index % 2 === 0)) entry.cancel();
  expect(agenda.size).toBe(50_000);
  // As after a long sleep: the first look finds them all.
  clock.fake.now = () => beganMs + 40_000;
  await clock.fake.advance("1ms");
  expect(ran).toHaveLength(50_000);
  expect(ran.every((inMs, index) => inMs >= (ran[index - 1] ?? 0))).toBe(true);
});

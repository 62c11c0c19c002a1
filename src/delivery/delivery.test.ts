import fc from "fast-check";
import { expect, test } from "vitest";
import { type Opened, RecordingTurn } from "../../test/support/recording-turn.js";
import { encodeTextFrame } from "./frame.js";
import { Lane } from "./lane.js";

const LANES = 3;
const OUTBOXES = 4;

type Step =
  | { readonly do: "send"; readonly to: number; readonly size: number }
  | { readonly do: "publish"; readonly lane: number; readonly except: number | undefined; readonly size: number }
  | { readonly do: "join" | "leave"; readonly lane: number; readonly who: number }
  | { readonly do: "leave all and flush"; readonly who: number }
  | { readonly do: "end the turn" };

const who = fc.nat(OUTBOXES - 1);
const lane = fc.nat(LANES - 1);
const size = fc.integer({ min: 1, max: 40 });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("send" as const), to: who, size }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      lane,
      except: fc.option(who, { nil: undefined }),
      size,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("join" as const, "leave" as const), lane, who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave all and flush" as const), who }) },
  { weight: 2, arbitrary: fc.constant({ do: "end the turn" as const }) },
);

// Without `size` fast-check keeps to some ten steps, in which little meets.
const manySteps = fc.array(step, { maxLength: 80, size: "max" });

/** The naive way: whatever is said is appended at the call to the list of each who hears it. */
class Model {
  readonly heard: string[][] = Array.from({ length: OUTBOXES }, () => []);
  readonly lanes: Set<number>[] = Array.from({ length: LANES }, () => new Set());

  publish(laneIndex: number, word: string, except: number | undefined): void {
    for (const listener of this.lanes[laneIndex] ?? []) if (listener !== except) this.heard[listener]?.push(word);
  }
}

/** The same, with outboxes and lanes. */
class Real {
  readonly recording = new RecordingTurn();
  readonly opened: Opened[];
  readonly lanes: Lane[] = Array.from({ length: LANES }, () => new Lane(this.recording.turn));

  constructor(limit: number) {
    this.opened = Array.from({ length: OUTBOXES }, () => this.recording.open({ limit }));
  }

  at(index: number): Opened["outbox"] {
    const opened = this.opened[index];
    if (opened === undefined) throw new RangeError(`There is no outbox ${index}.`);
    return opened.outbox;
  }
}

function run(given: Step, word: string, model: Model, real: Real): void {
  switch (given.do) {
    case "send":
      model.heard[given.to]?.push(word);
      real.at(given.to).push(encodeTextFrame(word));
      return;
    case "publish": {
      const { except } = given;
      model.publish(given.lane, word, except);
      real.lanes[given.lane]?.push(encodeTextFrame(word), except === undefined ? undefined : real.at(except));
      return;
    }
    case "join":
      // The hub asks for it only where it is not on the channel already.
      if (model.lanes[given.lane]?.has(given.who)) return;
      model.lanes[given.lane]?.add(given.who);
      real.lanes[given.lane]?.add(real.at(given.who));
      return;
    case "leave":
      model.lanes[given.lane]?.delete(given.who);
      real.lanes[given.lane]?.delete(real.at(given.who));
      return;
    case "leave all and flush":
      for (const each of model.lanes) each.delete(given.who);
      for (const each of real.lanes) each.delete(real.at(given.who));
      real.at(given.who).flush();
      expect(real.opened[given.who]?.socket.texts).toEqual(model.heard[given.who]);
      return;
    case "end the turn":
      real.recording.end();
  }
}

// A small limit makes a turn write in its middle as well.
test.each([1 << 20, 60])("whatever is said, everyone gets it in the order of the calls (limit %i)", (limit) => {
  fc.assert(
    fc.property(manySteps, (steps) => {
      const model = new Model();
      const real = new Real(limit);
      for (const [index, each] of steps.entries()) {
        run(each, `${index}:`.padEnd("size" in each ? each.size : 0, "x"), model, real);
      }
      real.recording.end();
      expect(real.opened.map(({ socket }) => socket.texts)).toEqual(model.heard);
      expect(real.recording.counters.messagesSent).toBe(model.heard.flat().length);
    }),
    { numRuns: 1_000 },
  );
});

test("whatever is said in one turn is at most one write to each", () => {
  fc.assert(
    fc.property(manySteps, (steps) => {
      const model = new Model();
      const real = new Real(1 << 20);
      for (const [index, each] of steps.entries()) {
        if (each.do !== "end the turn" && each.do !== "leave all and flush") run(each, String(index), model, real);
      }
      real.recording.end();
      const writes = real.opened.map(({ socket }) => socket.writes.length);
      expect(writes).toEqual(model.heard.map((words) => (words.length > 0 ? 1 : 0)));
    }),
    { numRuns: 500 },
  );
});

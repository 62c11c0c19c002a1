import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type InUseOrder, UseOrder } from "./use-order.js";

class Thing implements InUseOrder<Thing> {
  older: Thing | undefined;
  newer: Thing | undefined;
}

/** All that are there, the oldest first. Afterwards none is. */
function takeAll(order: UseOrder<Thing>): Thing[] {
  const all: Thing[] = [];
  for (let { oldest } = order; oldest !== undefined; { oldest } = order) {
    all.push(oldest);
    order.delete(oldest);
  }
  return all;
}

test("whatever is used and deleted, the order is that of a Set to which each was added anew", () => {
  const step = fc.record({ what: fc.constantFrom("use", "use", "delete"), which: fc.nat(5) } as const);
  const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const things = Array.from({ length: 6 }, () => new Thing());
    const order = new UseOrder<Thing>();
    const model = new Set<Thing>();
    for (const { what, which } of steps) {
      const thing = things[which] ?? new Thing();
      order[what](thing);
      model.delete(thing);
      if (what === "use") model.add(thing);
      expect(order.oldest).toBe([...model][0]);
    }
    expect(takeAll(order).map((thing) => things.indexOf(thing))).toEqual(
      [...model].map((thing) => things.indexOf(thing)),
    );
  });
  fc.assert(property, { numRuns: 1_000 });
});

test("what is deleted holds on to nothing", () => {
  const order = new UseOrder<Thing>();
  const things = [new Thing(), new Thing(), new Thing()];
  for (const thing of things) order.use(thing);
  for (const thing of things) order.delete(thing);
  expect(things.flatMap(({ older, newer }) => [older, newer])).toEqual(Array(6).fill(undefined));
});

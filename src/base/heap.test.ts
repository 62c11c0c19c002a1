import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Heap } from "./heap.js";

interface Numbered {
  readonly at: number;
  index: number | undefined;
}

test("whatever is added and removed, what is taken is what a sorted list would give", () => {
  const call = fc.oneof(
    fc.record({ add: fc.nat(50) }),
    fc.record({ remove: fc.nat(20) }),
    fc.record({ takeUntil: fc.nat(50) }),
  );
  const property = fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
    const heap = new Heap<Numbered>((a, b) => a.at < b.at);
    let model: Numbered[] = [];
    for (const each of calls) {
      if ("add" in each) {
        const entry = { at: each.add, index: undefined };
        heap.add(entry);
        model.push(entry);
      } else if ("remove" in each) {
        const entry = model[each.remove];
        if (entry === undefined) continue;
        heap.remove(entry);
        heap.remove(entry);
        model = model.filter((other) => other !== entry);
        expect(entry.index).toBeUndefined();
      } else {
        const taken = heap.takeWhile(({ at }) => at <= each.takeUntil).map(({ at }) => at);
        const due = model.filter(({ at }) => at <= each.takeUntil);
        expect(taken).toEqual(due.map(({ at }) => at).toSorted((a, b) => a - b));
        model = model.filter((other) => !due.includes(other));
      }
      expect(heap.size).toBe(model.length);
      expect(heap.first?.at).toBe(model.length === 0 ? undefined : Math.min(...model.map(({ at }) => at)));
    }
    expect(new Set(heap.clear())).toEqual(new Set(model));
    expect(heap.size).toBe(0);
  });
  fc.assert(property, { numRuns: 500 });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { Queue } from "./queue.js";

test("whatever comes and goes, it is as an array whose first is taken", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer())), (steps) => {
      const queue = new Queue<number>();
      const array: number[] = [];
      for (const step of steps) {
        if (step === null) expect(queue.shift()).toBe(array.shift());
        else {
          queue.push(step);
          array.push(step);
        }
        expect([queue.size, queue.first]).toEqual([array.length, array[0]]);
      }
    }),
  );
});

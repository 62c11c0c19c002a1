import { expect, test } from "vitest";
import type { Heard } from "./caller.js";
import { Rewind } from "./rewind.js";

const event = (offset: number | undefined, type = "said"): Heard => ({ type, channel: "a", offset, payload: null });

/** A rewind, and the offsets of what it has printed. */
function start() {
  const printed: (number | undefined)[] = [];
  return { rewind: new Rewind(({ offset }) => printed.push(offset)), printed };
}

test("what is kept comes before what has arrived meanwhile, and what is both comes once", () => {
  const { rewind, printed } = start();
  rewind.hear(event(3));
  rewind.hear(event(4));
  expect(printed).toEqual([]);
  rewind.fill([event(1), event(2), event(3)]);
  rewind.hear(event(3));
  rewind.hear(event(5));
  expect(printed).toEqual([1, 2, 3, 4, 5]);
});

test("after a gap offsets may begin anew", () => {
  const { rewind, printed } = start();
  rewind.fill([event(7)]);
  rewind.hear(event(undefined, "gap"));
  rewind.hear(event(1));
  expect(printed).toEqual([7, undefined, 1]);
});

test("where nothing is to be had of it, what has arrived is printed", () => {
  const { rewind, printed } = start();
  rewind.hear(event(1));
  rewind.end();
  rewind.hear(event(2));
  expect(printed).toEqual([1, 2]);
});

test("of very many that wait none is lost: what is kept is given up for them", () => {
  const { rewind, printed } = start();
  for (let offset = 11; offset <= 1_011; offset += 1) rewind.hear(event(offset));
  rewind.fill([event(10)]);
  expect([printed.length, printed[0], printed.at(-1)]).toEqual([1_001, 11, 1_011]);
});

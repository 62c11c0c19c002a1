import fc from "fast-check";
import { expect, test } from "vitest";
import { Circuit, type Passage } from "./circuit.js";

const rules = { failures: 3, restMs: 100 };

/** Lets so many fail, each asked for after the one before. */
function fail(circuit: Circuit, times: number, atMs = 0): boolean[] {
  return Array.from({ length: times }, () => circuit.failed(enter(circuit, atMs), atMs));
}

function enter(circuit: Circuit, atMs: number): Passage {
  const passage = circuit.enter(atMs);
  if (passage.retryAfterMs !== undefined) throw new Error(`It is open for ${passage.retryAfterMs} ms.`);
  return passage;
}

test("so many failures in a row open it, and it says for how long", () => {
  const circuit = new Circuit(rules);
  expect(fail(circuit, 3)).toEqual([false, false, true]);
  expect([circuit.enter(0), circuit.enter(99)]).toEqual([{ retryAfterMs: 100 }, { retryAfterMs: 1 }]);
});

test("one success between them begins the row anew", () => {
  const circuit = new Circuit(rules);
  fail(circuit, 2);
  expect(circuit.succeeded()).toBe(false);
  expect(fail(circuit, 2)).toEqual([false, false]);
});

test("after its rest one is let through, and the others wait for what comes of it", () => {
  const circuit = new Circuit(rules);
  fail(circuit, 3);
  expect(circuit.enter(100)).toEqual({});
  expect(circuit.enter(100)).toEqual({ retryAfterMs: 100 });
});

test("the one that is let through closes it by a success", () => {
  const circuit = new Circuit(rules);
  fail(circuit, 3);
  enter(circuit, 100);
  expect(circuit.succeeded()).toBe(true);
  expect([circuit.enter(100), circuit.enter(100)]).toEqual([{}, {}]);
});

test("the one that is let through opens it anew by a failure", () => {
  const circuit = new Circuit(rules);
  fail(circuit, 3);
  expect(circuit.failed(enter(circuit, 100), 150)).toBe(true);
  expect(circuit.enter(151)).toEqual({ retryAfterMs: 99 });
});

test("where nobody waited for the one that is let through, the next is", () => {
  const circuit = new Circuit(rules);
  fail(circuit, 3);
  circuit.gaveUp(enter(circuit, 100));
  expect(circuit.enter(101)).toEqual({});
});

test("who was asked before it opened says nothing new by a failure, nor by giving up", () => {
  const circuit = new Circuit(rules);
  const early = enter(circuit, 0);
  fail(circuit, 3);
  expect(circuit.failed(early, 50)).toBe(false);
  expect(circuit.enter(99)).toEqual({ retryAfterMs: 1 });
  enter(circuit, 100);
  circuit.gaveUp(early);
  expect(circuit.failed(early, 120)).toBe(false);
  expect(circuit.enter(130)).toEqual({ retryAfterMs: 100 });
});

test("whatever happens, of those who ask while it is open one is let through in each rest at most", () => {
  const step = fc.record({ waitMs: fc.nat(120), goesWell: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const circuit = new Circuit(rules);
      let [nowMs, failedInRow, openUntilMs] = [0, 0, 0];
      for (const { waitMs, goesWell } of steps) {
        nowMs += waitMs;
        const passage = circuit.enter(nowMs);
        const isBarred = failedInRow >= rules.failures && nowMs < openUntilMs;
        expect(passage.retryAfterMs !== undefined).toBe(isBarred);
        if (passage.retryAfterMs !== undefined) continue;
        if (goesWell) circuit.succeeded();
        else circuit.failed(passage, nowMs);
        failedInRow = goesWell ? 0 : failedInRow + 1;
        openUntilMs = nowMs + rules.restMs;
      }
    }),
  );
});

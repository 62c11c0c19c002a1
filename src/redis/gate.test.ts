import { expect, test } from "vitest";
import { createGate } from "../../test/support/gate.js";
import { Gate } from "./gate.js";

test("so many go on at a time, and the others in the order they came, each when one is done", async () => {
  const gate = new Gate(2);
  const begun: string[] = [];
  const runs = ["a", "b", "c", "d"].map((name) => {
    const end = createGate();
    const done = gate.pass(async () => {
      begun.push(name);
      await end.opened;
      return name;
    });
    return { end, done };
  });
  expect(begun).toEqual(["a", "b"]);
  runs[1]?.end.open();
  await runs[1]?.done;
  expect(begun).toEqual(["a", "b", "c"]);
  for (const { end } of runs) end.open();
  expect(await Promise.all(runs.map(({ done }) => done))).toEqual(["a", "b", "c", "d"]);
});

test("one that fails lets the next one in", async () => {
  const gate = new Gate(1);
  const failing = gate.pass(async () => {
    throw new Error("This one fails.");
  });
  const next = gate.pass(async () => "next");
  await expect(failing).rejects.toThrow("This one fails.");
  expect(await next).toBe("next");
});

test("after many have passed there is as much room as at first, and not more", async () => {
  const gate = new Gate(2);
  await Promise.all(Array.from({ length: 10 }, () => gate.pass(async () => {})));
  const end = createGate();
  let inside = 0;
  const held = Array.from({ length: 3 }, () =>
    gate.pass(async () => {
      inside += 1;
      await end.opened;
    }),
  );
  expect(inside).toBe(2);
  end.open();
  await Promise.all(held);
  expect(inside).toBe(3);
});

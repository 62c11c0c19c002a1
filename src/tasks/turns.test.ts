import { expect, test } from "vitest";
import { createGate } from "../../test/support/gate.js";
import { settle } from "../testing/fake-clock.js";
import { Turns } from "./turns.js";

function createJob(name: string, ran: string[]) {
  const gate = createGate();
  return {
    gate,
    run: () => {
      ran.push(name);
      return gate.opened;
    },
  };
}

test("so many run at once, and the others in the order they came, each when one is over", async () => {
  const ran: string[] = [];
  const turns = new Turns(2);
  const jobs = ["a", "b", "c", "d"].map((name) => createJob(name, ran));
  for (const job of jobs) turns.add(job);
  expect(ran).toEqual(["a", "b"]);
  jobs[1]?.gate.open();
  await settle();
  expect(ran).toEqual(["a", "b", "c"]);
  for (const { gate } of jobs) gate.open();
  await settle();
  expect(ran).toEqual(["a", "b", "c", "d"]);
});

test("what is taken out while it waits does not run; what runs can't be", async () => {
  const ran: string[] = [];
  const turns = new Turns(1);
  const [a, b, c] = ["a", "b", "c"].map((name) => createJob(name, ran)) as [
    ReturnType<typeof createJob>,
    ReturnType<typeof createJob>,
    ReturnType<typeof createJob>,
  ];
  for (const job of [a, b, c]) turns.add(job);
  expect([turns.delete(a), turns.delete(b), turns.delete(b)]).toEqual([false, true, false]);
  a.gate.open();
  await settle();
  expect(ran).toEqual(["a", "c"]);
});

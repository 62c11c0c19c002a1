import { expect, test } from "vitest";
import { createGate } from "../../test/support/gate.js";
import { settle } from "../testing/fake-clock.js";
import { Turns } from "./turns.js";

function createJob(name: string, ran: string[], user = "ana") {
  const gate = createGate();
  return {
    gate,
    user,
    run: () => {
      ran.push(name);
      return gate.opened;
    },
  };
}

test("so many run at once, and the others of a user in the order they came, each when one is over", async () => {
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

test("turns go round by user: who asks for one more waits for one of each other, and not for all of theirs", async () => {
  const ran: string[] = [];
  const turns = new Turns(1);
  const jobs = ["eve 1", "eve 2", "eve 3", "ana 1", "ana 2", "bob 1"].map((name) =>
    createJob(name, ran, name.slice(0, 3)),
  );
  for (const job of jobs) turns.add(job);
  for (const { gate } of jobs) gate.open();
  await settle();
  expect(ran).toEqual(["eve 1", "eve 2", "ana 1", "bob 1", "eve 3", "ana 2"]);
});

test("whose last one is taken out has no turn, and comes behind the others when they come back", async () => {
  const ran: string[] = [];
  const turns = new Turns(1);
  const [first, ana, bob, again] = [
    createJob("first", ran, "eve"),
    createJob("ana", ran),
    createJob("bob", ran, "bob"),
    createJob("ana again", ran),
  ];
  for (const job of [first, ana, bob]) turns.add(job);
  expect(turns.delete(ana)).toBe(true);
  turns.add(again);
  for (const { gate } of [first, ana, bob, again]) gate.open();
  await settle();
  expect(ran).toEqual(["first", "bob", "ana again"]);
});

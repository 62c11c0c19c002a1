import { expect, test } from "vitest";
import { Handover } from "./handover.js";

/** Keeps what was said, and when. */
function note(log: string[], what: string): () => void {
  return () => log.push(what);
}

async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await undefined;
}

test("a consumer that waits is handed the item at once, and giving resolves when it asks for the next", async () => {
  const handover = new Handover<string>();
  const log: string[] = [];
  const next = handover.next();
  handover.give("one").then(note(log, "one is done with"));
  expect(await next).toEqual({ done: false, value: "one" });
  await microtasks();
  expect(log).toEqual([]);
  void handover.next();
  await microtasks();
  expect(log).toEqual(["one is done with"]);
});

test("what is given before anybody asks waits for the first who does", async () => {
  const handover = new Handover<string>();
  const log: string[] = [];
  handover.give("one").then(note(log, "one is done with"));
  await microtasks();
  expect(log).toEqual([]);
  expect(await handover.next()).toEqual({ done: false, value: "one" });
  await microtasks();
  expect(log).toEqual([]);
  void handover.next();
  await microtasks();
  expect(log).toEqual(["one is done with"]);
});

test("a loop gets one item after the other, and is over with the end", async () => {
  const handover = new Handover<number>();
  const got: number[] = [];
  const loop = (async () => {
    for await (const item of handover) {
      await microtasks();
      got.push(item);
    }
  })();
  for (const item of [1, 2, 3]) {
    await handover.give(item);
    expect(got.at(-1)).toBe(item);
  }
  handover.end();
  await loop;
  expect(got).toEqual([1, 2, 3]);
});

test("leaving the loop lets whoever gives go on, and drops the rest", async () => {
  const handover = new Handover<number>();
  const loop = (async () => {
    for await (const item of handover) if (item === 2) break;
  })();
  await handover.give(1);
  await handover.give(2);
  await handover.give(3);
  await loop;
  expect(await handover.next()).toEqual({ done: true, value: undefined });
});

test("a loop that throws lets whoever gives go on too", async () => {
  const handover = new Handover<number>();
  const loop = (async () => {
    for await (const item of handover) throw new Error(`broken by ${item}`);
  })();
  await handover.give(1);
  await handover.give(2);
  await expect(loop).rejects.toThrow("broken by 1");
});

test("the end frees everyone: who gave, who holds an item, and who waits for one", async () => {
  const given = new Handover<string>();
  const gave = given.give("unheard");
  given.end();
  await gave;
  expect(await given.next()).toEqual({ done: true, value: undefined });

  const held = new Handover<string>();
  const holding = held.next();
  const done = held.give("held");
  expect(await holding).toEqual({ done: false, value: "held" });
  held.end();
  await done;

  const waited = new Handover<string>();
  const waiting = waited.next();
  waited.end();
  expect(await waiting).toEqual({ done: true, value: undefined });
  await waited.give("late");
});

test("ending twice is ending once", async () => {
  const handover = new Handover<string>();
  handover.end();
  handover.end();
  expect(await handover.return()).toEqual({ done: true, value: undefined });
});

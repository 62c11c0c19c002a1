import { expect, test } from "vitest";
import { SharedReads } from "./shared-reads.js";

/** Each read waits for its answer, in the order they were asked. */
function openReads() {
  const reads = new SharedReads<number>();
  const waiting: { readonly name: string; resolve(answer: number): void; reject(error: Error): void }[] = [];
  const asked: string[] = [];
  const read = (name = "room") =>
    reads.read(name, () => {
      asked.push(name);
      return new Promise<number>((resolve, reject) => waiting.push({ name, resolve, reject }));
    });
  return {
    read,
    asked,
    answer: (n: number) => waiting.shift()?.resolve(n),
    fail: () => waiting.shift()?.reject(error),
  };
}

const error = new Error("lost");
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("all who come while one is read are given the next, which begins when that is over", async () => {
  const { read, asked, answer } = openReads();
  const first = read();
  const [second, third] = [read(), read()];
  expect(asked).toHaveLength(1);
  answer(1);
  expect(await first).toBe(1);
  await turn();
  expect(asked).toHaveLength(2);
  const fourth = read();
  answer(2);
  expect([await second, await third]).toEqual([2, 2]);
  await turn();
  answer(3);
  expect(await fourth).toBe(3);
  expect(asked).toHaveLength(3);
});

test("who comes when nothing is read is asked for at once, and of another name too", async () => {
  const { read, asked, answer } = openReads();
  const both = [read("room"), read("other")];
  expect(asked).toEqual(["room", "other"]);
  answer(1);
  answer(2);
  expect(await Promise.all(both)).toEqual([1, 2]);
  await turn();
  const later = read("room");
  expect(asked).toEqual(["room", "other", "room"]);
  answer(3);
  expect(await later).toBe(3);
});

test("a failure is that of who shares it, and the next is read all the same", async () => {
  const { read, answer, fail } = openReads();
  const first = expect(read()).rejects.toBe(error);
  const shared = [read(), read()].map((each) => expect(each).rejects.toBe(error));
  fail();
  await first;
  await turn();
  const last = read();
  fail();
  await Promise.all(shared);
  await turn();
  answer(4);
  expect(await last).toBe(4);
});

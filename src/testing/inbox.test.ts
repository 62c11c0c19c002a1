import { expect, test } from "vitest";
import { Inbox } from "./inbox.js";

const open = () => new Inbox<string>((item) => item.toUpperCase());
const any = () => true;
const isLong = (item: string) => item.length > 1;

test("what arrived is taken in order, and is then no longer there", async () => {
  const inbox = open();
  for (const item of ["a", "b"]) inbox.put(item);
  expect(inbox.items).toEqual(["a", "b"]);
  expect(await inbox.next("An item", any)).toBe("a");
  expect(inbox.items).toEqual(["b"]);
});

test("who waits is given what comes, the first who asked first", async () => {
  const inbox = open();
  const asked = [inbox.next("An item", any), inbox.next("An item", any)];
  for (const item of ["a", "b", "c"]) inbox.put(item);
  expect(await Promise.all(asked)).toEqual(["a", "b"]);
  expect(inbox.items).toEqual(["c"]);
});

test("the oldest that is wanted is taken, and the others stay where they are", async () => {
  const inbox = open();
  for (const item of ["a", "bb", "c", "dd"]) inbox.put(item);
  expect(await inbox.next("A long one", isLong)).toBe("bb");
  expect(inbox.items).toEqual(["a", "c", "dd"]);
});

test("who waits for something else does not take what comes, nor keep it from those behind", async () => {
  const inbox = open();
  const long = inbox.next("A long one", isLong);
  const first = inbox.next("An item", any);
  inbox.put("a");
  expect(await first).toBe("a");
  inbox.put("b");
  inbox.put("cc");
  expect(await long).toBe("cc");
  expect(inbox.items).toEqual(["b"]);
});

test("when no more can come, who waits is told why, and what came instead", async () => {
  const inbox = open();
  const long = inbox.next("A long one", isLong);
  const longer = inbox.next("A longer one", (item) => item.length > 2);
  inbox.put("a");
  inbox.put("b");
  inbox.end("the connection closed with 1006");
  await expect(long).rejects.toThrow("A long one did not come: the connection closed with 1006. Unread: A, B.");
  await expect(longer).rejects.toThrow("A longer one did not come");
});

test("after the end what is there can still be taken, and nothing else waited for", async () => {
  const inbox = open();
  inbox.put("a");
  inbox.end("it is over");
  expect(await inbox.next("An item", any)).toBe("a");
  await expect(inbox.next("An item", any)).rejects.toThrow("An item did not come: it is over. Nothing else is unread.");
});

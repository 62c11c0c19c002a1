import { expect, test } from "vitest";
import { follow } from "./followed.js";

test("what is shown is told and read, until it is ended", () => {
  const { followed, show, changes } = begin();
  expect(followed.read()).toBe("idle");
  const end = followed.subscribe(() => changes.push(followed.read()));
  show("there");
  expect(changes).toEqual(["there"]);
  end();
  expect(followed.read()).toBe("idle");
});

test("what is shown after it was ended is nobody's", () => {
  const { followed, show, changes } = begin();
  followed.subscribe(() => changes.push(followed.read()))();
  show("late");
  expect(changes).toEqual([]);
  expect(followed.read()).toBe("idle");
});

test("what hydrates reads nothing of what is there already", () => {
  const { followed, show } = begin();
  followed.subscribe(() => {});
  show("there");
  expect(followed.readIdle()).toBe("idle");
});

test("it may be followed anew, and begins anew", () => {
  const { followed, show, changes } = begin();
  followed.subscribe(() => {})();
  followed.subscribe(() => changes.push(followed.read()));
  expect(followed.read()).toBe("idle");
  show("again");
  expect(changes).toEqual(["again"]);
});

function begin() {
  let showLast: (value: string) => void = () => {};
  const followed = follow("idle", (show) => {
    showLast = show;
    return undefined;
  });
  return { followed, show: (value: string) => showLast(value), changes: [] as string[] };
}

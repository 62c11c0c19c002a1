import { expect, test } from "vitest";
import type { ConnectionReport } from "../declare/connection-report.js";
import { ClosedConnections } from "./closed-connections.js";

const report = (id: string) => ({ id }) as ConnectionReport; // no more is looked at
const idsOf = (closed: ClosedConnections) => [...closed].map(({ id }) => id);

test("the newest comes first", () => {
  const closed = new ClosedConnections(3);
  expect(idsOf(closed)).toEqual([]);
  closed.add(report("a"));
  closed.add(report("b"));
  expect(idsOf(closed)).toEqual(["b", "a"]);
});

test("when it is full the oldest makes room, again and again", () => {
  const closed = new ClosedConnections(3);
  for (const id of "abcdefg") closed.add(report(id));
  expect(idsOf(closed)).toEqual(["g", "f", "e"]);
});

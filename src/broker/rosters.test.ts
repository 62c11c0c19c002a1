import fc from "fast-check";
import { expect, test } from "vitest";
import { Rosters } from "./rosters.js";

const member = (id: string, name = id) => ({ id, faceJson: JSON.stringify({ name }) });
const ids = (rosters: Rosters<string>, limit = 100) => rosters.members("c", limit).members.map(({ id }) => id);

test("a member joins with its first process, and leaves with its last as it was then", () => {
  const rosters = new Rosters<string>();
  expect(rosters.attend("c", member("ana"), "p1")).toBe(true);
  expect(rosters.attend("c", member("ana", "another face"), "p2")).toBe(false);
  expect(rosters.members("c", 10)).toEqual({ members: [member("ana")], count: 1 });
  expect(rosters.withdraw("c", "ana", "p1")).toBeUndefined();
  expect(rosters.withdraw("c", "ana", "p1")).toBeUndefined();
  expect(rosters.withdraw("c", "ana", "p2")).toEqual(member("ana"));
  expect(rosters.size).toBe(0);
});

test("who leaves and comes back stands behind those who stayed", () => {
  const rosters = new Rosters<string>();
  for (const id of ["ana", "ben", "cleo"]) rosters.attend("c", member(id), "p1");
  rosters.withdraw("c", "ana", "p1");
  rosters.attend("c", member("ana"), "p1");
  expect(ids(rosters)).toEqual(["ben", "cleo", "ana"]);
  expect(ids(rosters, 2)).toEqual(["ben", "cleo"]);
});

test("a process that is gone takes those with it whom nobody else has, in one change a channel", () => {
  const rosters = new Rosters<string>();
  for (const id of ["ana", "ben", "cleo"]) rosters.attend("c", member(id), "p1");
  rosters.attend("c", member("ben"), "p2");
  rosters.attend("d", member("ana"), "p1");
  rosters.attend("e", member("ana"), "p2");
  expect(rosters.withdrawAll("p1")).toEqual([
    { channel: "c", joined: [], left: [member("ana"), member("cleo")], count: 1 },
    { channel: "d", joined: [], left: [member("ana")], count: 0 },
  ]);
  expect(rosters.withdrawAll("p1")).toEqual([]);
  expect(ids(rosters)).toEqual(["ben"]);
  expect(rosters.size).toBe(2);
});

test("whoever comes and goes, those present are those whom a process has, and nothing else is left behind", () => {
  const step = fc.record({
    does: fc.constantFrom("attend", "attend", "withdraw", "withdraw", "is gone"),
    channel: fc.constantFrom("c", "d"),
    id: fc.constantFrom("ana", "ben", "__proto__"),
    process: fc.constantFrom("p1", "p2"),
  });
  const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const rosters = new Rosters<string>();
    // Who is present where by whom; and what the changes add up to, for one who was told all of them.
    let held: { channel: string; id: string; process: string }[] = [];
    let told: string[] = [];
    for (const { does, channel, id, process } of steps) {
      const isThis = (each: (typeof held)[number]) =>
        each.process === process && (does === "is gone" || (each.channel === channel && each.id === id));
      held = held.filter((each) => does === "attend" || !isThis(each));
      if (does === "attend") {
        if (!held.some(isThis)) held = [...held, { channel, id, process }];
        if (rosters.attend(channel, member(id), process)) told = [...told, `${channel} ${id}`];
      } else {
        const left =
          does === "is gone"
            ? rosters
                .withdrawAll(process)
                .flatMap((change) => change.left.map((each) => `${change.channel} ${each.id}`))
            : rosters.withdraw(channel, id, process) && [`${channel} ${id}`];
        expect(told).toEqual(expect.arrayContaining(left ?? []));
        told = told.filter((each) => !left?.includes(each));
      }
      const present = new Set(held.map((each) => `${each.channel} ${each.id}`));
      expect(new Set(told)).toEqual(present);
      expect(told).toHaveLength(present.size);
      for (const name of ["c", "d"]) {
        // In the order they joined, which is the order they were told in.
        const expected = told.filter((each) => each.startsWith(name)).map((each) => each.slice(2));
        const { members, count } = rosters.members(name, 2);
        expect([members.map((each) => each.id), count]).toEqual([expected.slice(0, 2), expected.length]);
      }
      expect(rosters.size).toBe(new Set(held.map((each) => each.channel)).size);
    }
  });
  fc.assert(property, { numRuns: 300 });
});

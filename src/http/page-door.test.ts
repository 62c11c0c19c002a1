import { expect, test } from "vitest";
import { createGate } from "../../test/support/gate.js";
import type { Guard } from "../declare/http-options.js";
import { forbidden, TidingsError } from "../protocol/tidings-error.js";
import { FakeClock } from "../testing/fake-clock.js";
import type { Asked } from "./asked.js";
import type { Access } from "./page-access.js";
import { PageDoor } from "./page-door.js";
import type { Refused } from "./refusals.js";

const visitor: Asked = {
  target: "/dashboard",
  rawHeaders: ["Host", "ops.example"],
  address: "10.0.0.1",
  isSecure: false,
};
const neighbour: Asked = { ...visitor, rawHeaders: ["Host", "localhost:8000"], address: "127.0.0.1" };

function doorFor(dashboard: Access) {
  const clock = new FakeClock();
  const errors: unknown[] = [];
  const refused: Refused[] = [];
  const door = new PageDoor({
    access: { docs: "nobody", metrics: "nobody", dashboard },
    clock,
    limits: () => ({ needs: 5_000, pending: 2 }),
    forwarded: () => undefined,
    onError: (error) => errors.push(error),
    onPageRefused: (what) => refused.push(what),
  });
  return { door, clock, errors, refused };
}

test.each<[Access, visitor: boolean, neighbour: boolean]>([
  ["nobody", false, false],
  ["everybody", true, true],
  ["this computer", false, true],
  [() => false, true, true],
])("a page for %s is there for who may see it", async (access, forVisitor, forNeighbour) => {
  const { door } = doorFor(access);
  expect([door.isThere("dashboard", visitor), door.isThere("dashboard", neighbour)]).toEqual([
    forVisitor,
    forNeighbour,
  ]);
  expect(door.mayBeThere("dashboard")).toBe(access !== "nobody");
  if (!forVisitor) await expect(door.enter("dashboard", visitor)).rejects.toMatchObject({ code: "not_found" });
});

test.each<[string, Guard]>([
  ["false", () => false],
  [
    "a refusal that is thrown",
    () => {
      throw forbidden();
    },
  ],
])(
  "who tries passwords is told of: the first wrong one at once, then once in ten seconds; who shows none is not (%s)",
  async (_, guard) => {
    const { door, clock, refused } = doorFor(guard);
    const guess = { ...visitor, rawHeaders: [...visitor.rawHeaders, "Authorization", "Basic b3BzOng="] };
    const enter = (asked: Asked) => door.enter("dashboard", asked).catch(() => {});
    await enter(visitor);
    expect(refused).toEqual([]);
    for (let times = 0; times < 5; times += 1) await enter(guess);
    expect(refused).toEqual([{ address: "10.0.0.1", times: 1 }]);
    await clock.advance("10s");
    await enter(guess);
    expect(refused.slice(1)).toEqual([{ address: "10.0.0.1", times: 5 }]);
  },
);

test("a guard is asked each time, and its `true` lets in", async () => {
  const seen: string[] = [];
  const { door } = doorFor(({ url, address }) => seen.push(`${url.pathname} ${address}`) > 0);
  await door.enter("dashboard", visitor);
  await door.enter("dashboard", visitor);
  expect(seen).toEqual(["/dashboard 10.0.0.1", "/dashboard 10.0.0.1"]);
});

test.each([
  ["false", () => false, undefined],
  ["a promise of false", async () => false, undefined],
  ["nothing", () => undefined, "gave undefined: only `true` lets in."],
  ["somebody's user", () => ({ id: "ana" }), "gave an object: only `true` lets in."],
  ["1", () => 1, "gave 1: only `true` lets in."],
])("%s lets nobody in, and what is no answer is told once", async (_, guard, told) => {
  const { door, errors } = doorFor(guard as unknown as Guard);
  for (let visit = 0; visit < 2; visit += 1) {
    await expect(door.enter("dashboard", visitor)).rejects.toMatchObject({ code: "unauthorized" });
  }
  expect(errors.map((error) => (error as Error).message)).toEqual(
    told === undefined ? [] : [expect.stringContaining(told)],
  );
});

test.each<[Guard, string]>([
  [
    () => {
      throw forbidden();
    },
    "forbidden",
  ],
  [() => Promise.reject(new TidingsError("not_on_call")), "not_on_call"],
])("what a guard throws is the answer: %#", async (guard, code) => {
  const { door, errors } = doorFor(guard);
  await expect(door.enter("dashboard", visitor)).rejects.toMatchObject({ code });
  expect(errors).toEqual([]);
});

test("a guard that fails is `internal`, and we alone are told why", async () => {
  const failure = new Error("users table: password wrong");
  const { door, errors } = doorFor(async () => {
    throw failure;
  });
  await expect(door.enter("dashboard", visitor)).rejects.toMatchObject({ code: "internal", message: "internal" });
  expect(errors).toEqual([failure]);
});

test("a guard that takes too long is `unavailable`, and what it says later counts no more", async () => {
  const gate = createGate();
  const { door, clock, errors } = doorFor(async () => {
    await gate.opened;
    throw new Error("too late to matter");
  });
  const entering = door.enter("dashboard", visitor);
  await Promise.all([expect(entering).rejects.toMatchObject({ code: "unavailable" }), clock.advance("5s")]);
  gate.open();
  await gate.opened;
  expect(errors).toEqual([new Error("A guard of the pages took longer than limits.needs.")]);
  expect(clock.size).toBe(0);
});

test("a guard that has answered is not taken to be late", async () => {
  const { door, clock, errors } = doorFor(async () => true);
  await door.enter("dashboard", visitor);
  await clock.advance("1h");
  expect(errors).toEqual([]);
});

test("no more guards are asked at a time than may wait, and then again", async () => {
  const gate = createGate();
  const { door } = doorFor(async () => {
    await gate.opened;
    return true;
  });
  const first = [door.enter("dashboard", visitor), door.enter("dashboard", visitor)];
  await expect(door.enter("dashboard", visitor)).rejects.toMatchObject({ code: "overloaded" });
  gate.open();
  await Promise.all(first);
  await door.enter("dashboard", visitor);
});

test("a socket of the page must be of this server's own page, and is asked of the guard too", async () => {
  const { door } = doorFor(({ headers }) => headers.get("authorization") === "Basic b3BzOnB3");
  const from = (origin: string, ...more: string[]): Asked => ({
    ...visitor,
    rawHeaders: [...visitor.rawHeaders, "Origin", origin, ...more],
  });
  const password = ["Authorization", "Basic b3BzOnB3"];
  await door.enterSocket("dashboard", from("http://ops.example", ...password));
  await expect(door.enterSocket("dashboard", from("http://evil.example", ...password))).rejects.toMatchObject({
    code: "origin_not_allowed",
  });
  await expect(door.enterSocket("dashboard", from("http://ops.example"))).rejects.toMatchObject({
    code: "unauthorized",
  });
  const closed = doorFor("this computer").door;
  for (const asked of [visitor, from("http://evil.example")]) {
    await expect(closed.enterSocket("dashboard", asked)).rejects.toMatchObject({ code: "not_found" });
  }
});

test("a refusal asks for what the guard says", () => {
  const guard = Object.assign(() => false, { challenge: 'Basic realm="ops"' });
  expect(doorFor(guard).door.challengeOf("dashboard")).toBe('Basic realm="ops"');
  expect(doorFor(() => false).door.challengeOf("dashboard")).toBe("Bearer");
});

test("what a guard remembers somebody by is one header, or none", () => {
  const rememberedAs = (value: unknown) =>
    doorFor(Object.assign(() => true, { remember: () => value }) as Guard).door.remember("dashboard", visitor);
  expect(rememberedAs("pass=1; HttpOnly")).toBe("pass=1; HttpOnly");
  expect(rememberedAs(undefined)).toBeUndefined();
  for (const odd of ["a\r\nb: c", "", 1, ["a=1", "b=2"]]) expect(() => rememberedAs(odd)).toThrow(TypeError);
  for (const access of ["everybody", () => true] as const) {
    expect(doorFor(access).door.remember("dashboard", visitor)).toBeUndefined();
  }
});

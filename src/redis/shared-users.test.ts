import { ErrorReply } from "redis";
import { expect, test } from "vitest";
import { Names } from "./names.js";
import type { Script } from "./scripts/script.js";
import { noteUsers, reserveUser } from "./scripts/users.js";
import { type Servers, unavailable } from "./servers.js";
import type { Settings } from "./settings.js";
import { SharedUsers } from "./shared-users.js";

const names = new Names("tidings", 0);
const settings: Omit<Settings, "onError"> = {
  names,
  process: "p",
  leaseMs: 60_000,
  compareMs: 25_000,
  positionTtlMs: 60_000,
  liveTtlMs: 60_000,
  freshEpoch: () => "fresh",
};

/** What Redis is told of each user, such as `ana 2/1`: two are reserved or open, one of them is open. */
function openUsers() {
  const told: string[] = [];
  const failures: unknown[] = [];
  const world = { refuse: undefined as ((user: string) => unknown) | undefined, isFull: false };
  const run = async (script: Script, _: readonly string[], args: readonly (string | number)[]): Promise<unknown> => {
    const [user, , all, open] = args;
    const noted = script === reserveUser ? [[user, all, open]] : threes(args.slice(2));
    expect([reserveUser, noteUsers]).toContain(script);
    for (const [name] of noted) {
      const error = world.refuse?.(String(name));
      if (error !== undefined) throw unavailable(error);
    }
    if (script === reserveUser && world.isFull) return 0;
    told.push(...noted.map(([name, reserved, opened]) => `${name} ${reserved}/${opened}`));
    return 1;
  };
  const onError = (error: unknown) => failures.push(error);
  const users = new SharedUsers({ run } as Servers, { ...settings, onError }); // no more is used
  return { users, told, failures, world };
}

function threes<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: items.length / 3 }, (_, n) => items.slice(3 * n, 3 * n + 3));
}

const away = () => new Error("The line ended.");
const wrongType = (user: string) => (user === "bad" ? new ErrorReply("WRONGTYPE no") : undefined);

/** What was said of somebody has been by then. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function arrive(users: SharedUsers, ...all: readonly string[]): Promise<void> {
  for (const user of all) {
    await users.reserve(user, "c", 5);
    await users.arrive(user, "c");
  }
  await turn();
}

test("Redis is told how many there are, each time", async () => {
  const { users, told } = openUsers();
  await users.reserve("ana", "c1", 5);
  await users.arrive("ana", "c1");
  await users.reserve("ana", "c2", 5);
  await users.depart("ana", "c1");
  await users.depart("ana", "c2");
  expect(told).toEqual(["ana 1/0", "ana 1/1", "ana 2/1", "ana 1/0", "ana 0/0"]);
  await turn();
  expect(users.size).toBe(0);
});

test("who goes while the broker is away is told to have gone when it is back, and then forgotten", async () => {
  const { users, told, world } = openUsers();
  await arrive(users, "ana");
  world.refuse = away;
  await users.depart("ana", "c");
  await turn();
  expect(users.size).toBe(1);
  await expect(users.renew()).rejects.toMatchObject({ code: "unavailable" });
  world.refuse = undefined;
  told.length = 0;
  await users.renew();
  expect(told).toEqual(["ana 0/0"]);
  expect(users.size).toBe(0);
});

test("a place whose reservation was lost is given back when the broker is back", async () => {
  const { users, told, world } = openUsers();
  world.refuse = away;
  await expect(users.reserve("ana", "c", 5)).rejects.toMatchObject({ code: "unavailable" });
  world.refuse = undefined;
  await turn();
  await users.renew();
  expect(told).toEqual(["ana 0/0"]);
});

test("a place that was not given is given back, where a renewal has counted it meanwhile", async () => {
  const { users, told, world } = openUsers();
  world.isFull = true;
  const reserved = users.reserve("ana", "c", 5);
  await users.renew();
  expect(await reserved).toBe(false);
  expect(told).toEqual(["ana 1/0", "ana 0/0"]);
});

test("where Redis refuses one user, all others are renewed, and it is told once", async () => {
  const { users, told, failures, world } = openUsers();
  const others = Array.from({ length: 300 }, (_, n) => `u${n}`);
  await arrive(users, "bad", ...others);
  world.refuse = wrongType;
  for (let round = 0; round < 2; round += 1) {
    told.length = 0;
    await users.renew();
    expect(told.sort()).toEqual(others.map((user) => `${user} 1/1`).sort());
  }
  expect(failures).toMatchObject([{ cause: { message: "WRONGTYPE no" } }]);
});

test("at the close all are told to have gone, though Redis refuses one", async () => {
  const { users, told, world } = openUsers();
  await arrive(users, "bad", "ana", "ben");
  world.refuse = wrongType;
  told.length = 0;
  await users.close();
  expect(told.sort()).toEqual(["ana 0/0", "ben 0/0"]);
});

test("at the close also those are told to have gone of whom something was just being said", async () => {
  const { users, told } = openUsers();
  const arriving = users.arrive("ana", "c");
  await users.close();
  await arriving;
  expect(told).toEqual(["ana 1/1", "ana 0/0"]);
});

test("what one user does is told in its order, whoever is waited for", async () => {
  const { users, told } = openUsers();
  await Promise.all([
    users.reserve("ana", "c1", 5),
    users.arrive("ana", "c1"),
    users.reserve("ana", "c2", 5),
    users.depart("ana", "c1"),
    users.arrive("ana", "c2"),
  ]);
  expect(told).toEqual(["ana 1/0", "ana 1/1", "ana 2/1", "ana 1/0", "ana 1/1"]);
});

test("a user has no connection here as soon as the last has departed", async () => {
  const { users } = openUsers();
  for (const connection of ["c1", "c2"]) await users.arrive("ana", connection);
  await users.depart("ana", "c1");
  expect(users.has("ana")).toBe(true);
  await users.depart("ana", "c2");
  expect(users.has("ana")).toBe(false);
});

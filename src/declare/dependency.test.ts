import { expect, test } from "vitest";
import type { TokenVerifier } from "./credential.js";
import { credential, dependency, isDependency } from "./dependency.js";

const create = () => 7;

test("a dependency is of each connection, needs nothing and has no disposal of its own, where nothing is said", () => {
  const made = dependency({ create });
  expect(made).toMatchObject({ "~is": "dependency", scope: "connection" });
  expect(made["~definition"]).toEqual({ kind: "made", scope: "connection", needs: {}, create, dispose: undefined });
});

test("what is said is kept", () => {
  const dispose = () => {};
  const config = dependency({ scope: "app", create: () => "config" });
  const needs = { config };
  const made = dependency({ needs, scope: "app", create: () => 7, dispose });
  expect(made.scope).toBe("app");
  expect(made["~definition"]).toMatchObject({ kind: "made", scope: "app", dispose });
  expect(made["~definition"]).toHaveProperty("needs", needs);
});

test("declaring runs nothing", () => {
  let runs = 0;
  const count = () => ++runs;
  dependency({ needs: { one: dependency({ create: count }) }, create: count, dispose: count });
  expect(runs).toBe(0);
});

test("two that are declared alike are two", () => {
  expect(dependency({ create })["~definition"]).not.toBe(dependency({ create })["~definition"]);
});

test("two may need each other's later declaration: what is needed is read when the app is put together", () => {
  const needs: Record<string, ReturnType<typeof dependency<number>>> = {};
  const first = dependency({ needs, create });
  needs.second = dependency({ create });
  expect(first["~definition"]).toHaveProperty("needs.second", needs.second);
});

test("a credential is a dependency of each connection, with its ways in their order", () => {
  const verifier: TokenVerifier = { check: () => [], verify: async ({ token }) => ({ user: { id: token } }) };
  const ways = [
    { place: "cookie", cookie: "sid", verifier },
    { place: "message", deadlineMs: 3_000, verifier },
  ] as const;
  const user = credential<{ id: string }>(ways);
  expect(isDependency(user)).toBe(true);
  expect(user.scope).toBe("connection");
  expect(user["~definition"]).toMatchObject({ kind: "credential", scope: "connection", ways });
});

test.each([[undefined], [null], [7], ["dependency"], [{}], [{ "~is": "endpoint" }], [() => 7]])(
  "%j is no dependency",
  (value) => {
    expect(isDependency(value)).toBe(false);
  },
);

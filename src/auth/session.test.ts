import { expect, test } from "vitest";
import type { TokenCheck } from "../declare/credential.js";
import type { Dependency } from "../declare/dependency.js";
import type { Identity } from "../declare/identity.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { session } from "./session.js";

interface Account extends Identity {
  readonly email: string;
}
const ana: Account = { id: "ana", email: "ana@example.com" };
const NOW_MS = Date.UTC(2026, 0, 1);
const sessions = new Map([["s1", ana]]);

test("the user of a session is whom `lookup` finds, and the session is what can be revoked", async () => {
  const found: Dependency<Account, "connection"> = session({ lookup: (id) => sessions.get(id) });
  expect(await verify(found, "s1")).toEqual({ user: ana, tokenId: "s1" });
  expect(await verify(session({ lookup: async (id) => sessions.get(id) }), "s1")).toMatchObject({ user: ana });
});

test("its place is one cookie, `session_id` if it has no other name", () => {
  const lookup = () => ana;
  expect(waysOf(session({ lookup }))).toMatchObject([
    { place: "cookie", cookie: "session_id", verifier: expect.anything() },
  ]);
  expect(waysOf(session({ lookup, cookie: "__Host-sid" }))).toMatchObject([{ cookie: "__Host-sid" }]);
  expect(waysOf(session({ lookup })).flatMap(({ verifier }) => verifier.check())).toEqual([]);
});

test.each<null | undefined>([null, undefined])("a session of nobody (%j) is `unauthorized`", async (nobody) => {
  for (const lookup of [() => nobody, async () => nobody]) {
    await expect(verify(session({ lookup }), "s1")).rejects.toMatchObject({
      name: "TidingsError",
      code: "unauthorized",
    });
  }
});

test("an empty cookie is nobody's, and nobody is asked", async () => {
  const found = session({ lookup: () => fail(new Error("It was asked.")) });
  await expect(verify(found, "")).rejects.toMatchObject({ code: "unauthorized" });
});

test.each([{}, { id: "" }, { id: 7 }, { id: null }, "ana", 7, true, false, "", []])(
  "a user without an `id` (%j) is our mistake, not the client's",
  async (user) => {
    // The types forbid it; a store of JavaScript objects does not.
    const lookup = () => user as unknown as Identity;
    await expect(verify(session({ lookup }), "s1")).rejects.toThrow(TypeError);
    await expect(verify(session({ lookup }), "s1")).rejects.toThrow("session()'s `lookup`");
  },
);

test("what `lookup` throws is what comes out", async () => {
  const [away, blocked] = [new Error("The store is away."), new TidingsError("forbidden")];
  await expect(verify(session({ lookup: () => fail(away) }), "s1")).rejects.toBe(away);
  await expect(verify(session({ lookup: async () => fail(blocked) }), "s1")).rejects.toBe(blocked);
});

test("`lookup` is told of the request, and when nobody waits any more", async () => {
  const asking = given("s1");
  const seen: unknown[] = [];
  const found = session({
    lookup(id, { request, signal }) {
      seen.push(id, request, signal);
      return ana;
    },
  });
  await waysOf(found)[0]?.verifier.verify(asking);
  expect(seen).toEqual(["s1", asking.request, asking.signal]);
});

test("`lookup` keeps its object", async () => {
  const options = {
    cookie: "ana",
    lookup() {
      return { id: this.cookie };
    },
  };
  expect(await verify(session(options), "s1")).toMatchObject({ user: { id: "ana" } });
});

test("a cookie whose name can't be one is a ConfigError where it is declared (RFC 6265 §4.1.1)", () => {
  for (const cookie of ["", "session id", "a=b", "a;b"]) {
    expect(() => session({ cookie, lookup: () => ana })).toThrow(
      expect.objectContaining({ name: "ConfigError", code: "invalid_cookie_name" }),
    );
  }
});

function waysOf(credential: Dependency<unknown>) {
  const definition = credential["~definition"];
  if (definition.kind !== "credential") throw new Error("It reads no token.");
  return definition.ways;
}

function given(token: string): TokenCheck {
  return { token, request: {} as TokenCheck["request"], nowMs: NOW_MS, signal: new AbortController().signal };
}

async function verify(credential: Dependency<unknown>, token: string) {
  return waysOf(credential)[0]?.verifier.verify(given(token));
}

function fail(error: Error): never {
  throw error;
}

test.each<[string, Date | number | undefined, number | undefined]>([
  ["a date", new Date(NOW_MS + 60_000), NOW_MS + 60_000],
  ["milliseconds", NOW_MS + 60_000, NOW_MS + 60_000],
  ["nothing", undefined, undefined],
])("a session expires when `expiresAt` says so: %s", async (_, given, expiresAtMs) => {
  const found = session({ lookup: () => ana, expiresAt: (user) => (user === ana ? given : 0) });
  expect(await verify(found, "s1")).toMatchObject({ user: ana, expiresAtMs });
});

test.each([NOW_MS, NOW_MS - 1, Number.NaN, new Date(Number.NaN)])(
  "one that has expired, and that the store still knows, is `token_expired`: %s",
  async (expired) => {
    const found = session({ lookup: () => ana, expiresAt: () => expired });
    await expect(verify(found, "s1")).rejects.toMatchObject({ code: "token_expired" });
  },
);

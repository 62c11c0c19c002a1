import { expect, test } from "vitest";
import type { TokenCheck } from "../declare/credential.js";
import type { Dependency } from "../declare/dependency.js";
import type { Identity } from "../declare/identity.js";
import { forbidden } from "../protocol/tidings-error.js";
import { bearer } from "./bearer.js";

const robot = { id: "robot", model: "T" };

test("the user of a token is whom `verify` finds, and the token is what can be revoked", async () => {
  const found: Dependency<typeof robot, "connection"> = bearer({
    verify: async (token) => (token === "k" ? robot : undefined),
  });
  expect(await verify(found, "k")).toEqual({ user: robot, tokenId: "k" });
  await expect(verify(found, "other")).rejects.toMatchObject({ name: "TidingsError", code: "unauthorized" });
  await expect(verify(bearer({ verify: () => null }), "k")).rejects.toMatchObject({ code: "unauthorized" });
});

test("it looks where it is told to, in that order", () => {
  const tell = () => robot;
  expect(waysOf(bearer({ verify: tell })).map(({ place }) => place)).toEqual(["header", "subprotocol", "query"]);
  expect(waysOf(bearer({ verify: tell, from: ["message", "cookie"], deadline: "5s", cookie: "key" }))).toMatchObject([
    { place: "message", deadlineMs: 5_000 },
    { place: "cookie", cookie: "key" },
  ]);
  expect(() => bearer({ verify: tell, from: ["cookie"] })).toThrow(
    expect.objectContaining({ code: "invalid_cookie_name", message: expect.stringContaining("bearer()") }),
  );
});

test("an empty token is nobody's, and nobody is asked", async () => {
  const found = bearer({ verify: () => fail(new Error("It was asked.")) });
  await expect(verify(found, "")).rejects.toMatchObject({ code: "unauthorized" });
});

test("a user without an `id` is our mistake, and what `verify` throws is what comes out", async () => {
  const nameless = bearer({ verify: () => ({ model: "T" }) as unknown as Identity }); // a store may give anything
  await expect(verify(nameless, "k")).rejects.toThrow("bearer()'s `verify`");
  await expect(verify(nameless, "k")).rejects.toThrow(TypeError);
  const blocked = forbidden();
  await expect(verify(bearer({ verify: () => fail(blocked) }), "k")).rejects.toBe(blocked);
});

test("there is nothing to check when the app starts", () => {
  expect(waysOf(bearer({ verify: () => robot })).flatMap(({ verifier }) => verifier.check())).toEqual([]);
});

function waysOf(credential: Dependency<unknown>) {
  const definition = credential["~definition"];
  if (definition.kind !== "credential") throw new Error("It reads no token.");
  return definition.ways;
}

async function verify(credential: Dependency<unknown>, token: string) {
  // It looks at the token alone.
  const request = {} as TokenCheck["request"];
  return waysOf(credential)[0]?.verifier.verify({ token, request, nowMs: 0, signal: new AbortController().signal });
}

function fail(error: Error): never {
  throw error;
}

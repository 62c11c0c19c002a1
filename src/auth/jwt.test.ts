import { SignJWT, UnsecuredJWT } from "jose";
import { expect, test } from "vitest";
import { z } from "zod";
import { ConfigError } from "../base/config-error.js";
import type { CredentialRequest, Identity, OfferedTokens } from "../declare/credential.js";
import { jwt } from "./jwt.js";

const SECRET = "a secret of at least thirty-two bytes";
const NOW_MS = Date.UTC(2026, 0, 1);
const NOW = NOW_MS / 1_000;

type Claims = Record<string, unknown>;

function sign(claims: Claims, alg = "HS256", secret = SECRET): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
}

function offer(tokens: Partial<OfferedTokens>): CredentialRequest {
  // It looks at the tokens and the time alone.
  return {
    request: {} as CredentialRequest["request"],
    tokens: { header: undefined, query: [], ...tokens },
    nowMs: NOW_MS,
  };
}

const check = async (claims: Claims, options: object = {}) =>
  jwt({ secret: SECRET, ...options }).authenticate(offer({ header: await sign(claims) }));

test("a token that is signed with the secret tells who it is, and until when", async () => {
  expect(await check({ sub: "ana", name: "Ana", exp: NOW + 60 })).toEqual({
    user: { id: "ana", sub: "ana", name: "Ana", exp: NOW + 60 },
    expiresAtMs: NOW_MS + 60_000,
  });
  expect((await check({ sub: "ana" })).expiresAtMs).toBeUndefined();
});

test.each<[string, () => string | Promise<string>]>([
  ["signed with another secret", () => sign({ sub: "ana" }, "HS256", "another secret of thirty-two bytes!!")],
  ["signed with another algorithm than is pinned", () => sign({ sub: "ana" }, "HS512")],
  ["not signed", () => new UnsecuredJWT({ sub: "ana" }).encode()],
  [
    "not signed, with a signature that is empty",
    async () => `${(await sign({ sub: "ana" })).split(".").slice(0, 2).join(".")}.`,
  ],
  ["changed", async () => forge(await sign({ sub: "ana" }), { sub: "root" })],
  ["changed and expired", async () => forge(await sign({ sub: "ana", exp: NOW - 60 }), { sub: "root", exp: NOW - 60 })],
  ["not valid yet", () => sign({ sub: "ana", nbf: NOW + 60 })],
  ["without a subject", () => sign({ name: "Ana" })],
  ["with an empty subject", () => sign({ sub: "" })],
  ["with an expiry that is no number", () => sign({ sub: "ana", exp: "never" })],
  ["empty", () => ""],
  ["no token at all", () => "a.b.c"],
  ["two tokens", async () => `${await sign({ sub: "ana" })} ${await sign({ sub: "ana" })}`],
])("a token that is %s is `unauthorized`", async (_, make) => {
  const authenticated = jwt({ secret: SECRET }).authenticate(offer({ header: await make() }));
  await expect(authenticated).rejects.toMatchObject({ name: "TidingsError", code: "unauthorized" });
});

test("a token that has expired, and is good otherwise, is `token_expired`, from that second on", async () => {
  await expect(check({ sub: "ana", exp: NOW - 1 })).rejects.toMatchObject({ code: "token_expired" });
  await expect(check({ sub: "ana", exp: NOW })).rejects.toMatchObject({ code: "token_expired" });
  expect((await check({ sub: "ana", exp: NOW + 1 })).user).toMatchObject({ id: "ana" });
  await expect(check({ sub: "ana", exp: NOW - 1, iss: "x" }, { issuer: "y" })).rejects.toMatchObject({
    code: "unauthorized",
  });
});

test("what is wrong with a token is told to nobody who shows it", async () => {
  const forged = await forge(await sign({ sub: "ana" }), { sub: "root" });
  const messages = await Promise.all(
    ["a.b.c", forged, await sign({ sub: "ana", nbf: NOW + 60 })].map((header) =>
      jwt({ secret: SECRET })
        .authenticate(offer({ header }))
        .catch(({ message }) => message),
    ),
  );
  expect(new Set(messages)).toEqual(new Set(["The token is not valid."]));
});

test("the algorithms are those that are pinned, and no others", async () => {
  const both = jwt({ secret: SECRET.repeat(2), algorithms: ["HS256", "HS512"] });
  for (const alg of ["HS256", "HS512"]) {
    const header = await sign({ sub: "ana" }, alg, SECRET.repeat(2));
    expect((await both.authenticate(offer({ header }))).user).toMatchObject({ id: "ana" });
  }
  const header = await sign({ sub: "ana" }, "HS384", SECRET.repeat(2));
  await expect(both.authenticate(offer({ header }))).rejects.toMatchObject({ code: "unauthorized" });
});

test.each([
  [{ issuer: "us" }, { iss: "us" }, true],
  [{ issuer: "us" }, { iss: "them" }, false],
  [{ issuer: "us" }, {}, false],
  [{ audience: "chat" }, { aud: "chat" }, true],
  [{ audience: "chat" }, { aud: ["mail", "chat"] }, true],
  [{ audience: "chat" }, { aud: "mail" }, false],
  [{ audience: "chat" }, {}, false],
  [{}, { iss: "them", aud: "mail" }, true],
])("with %j a token of %j is good: %s", async (options, claims, isGood) => {
  const checked = check({ sub: "ana", ...claims }, options);
  if (isGood) expect((await checked).user).toMatchObject({ id: "ana" });
  else await expect(checked).rejects.toMatchObject({ code: "unauthorized" });
});

test("the user is what the claims' schema gives, with their own `id`, or `sub` for one", async () => {
  const bySub = z.object({ sub: z.string(), name: z.string().toUpperCase(), role: z.string().default("guest") });
  expect((await check({ sub: "ana", name: "Ana", more: 1 }, { claims: bySub })).user).toEqual({
    id: "ana",
    sub: "ana",
    name: "ANA",
    role: "guest",
  });
  const byId = z.object({ id: z.string() });
  expect((await check({ sub: "ana", id: "user-7" }, { claims: byId })).user).toEqual({ id: "user-7" });
  expect((await check({ id: "user-7" }, { claims: byId })).user).toEqual({ id: "user-7" });
  const byNumber = z.object({ id: z.number() });
  expect((await check({ sub: "ana", id: 7 }, { claims: byNumber })).user).toEqual({ id: "ana" });
});

test("an `id` that no schema declares is nobody's: `sub` says who it is", async () => {
  expect((await check({ sub: "ana", id: "root" })).user).toMatchObject({ id: "ana" });
});

test("claims that do not fit are `unauthorized`, also where the schema takes its time", async () => {
  const admins = z.object({ sub: z.string(), role: z.literal("admin") });
  await expect(check({ sub: "ana", role: "guest" }, { claims: admins })).rejects.toMatchObject({
    code: "unauthorized",
  });
  const slow = z.object({ sub: z.string().refine(async (sub) => sub === "ana") });
  expect((await check({ sub: "ana" }, { claims: slow })).user).toMatchObject({ id: "ana" });
  await expect(check({ sub: "bob" }, { claims: slow })).rejects.toMatchObject({ code: "unauthorized" });
});

test("the first place that holds a token decides, though another holds a better one", async () => {
  const [ana, bob] = [await sign({ sub: "ana" }), await sign({ sub: "bob" })];
  const who = async (from: ("header" | "query")[] | undefined, tokens: Partial<OfferedTokens>) =>
    ((await jwt({ secret: SECRET, from }).authenticate(offer(tokens))).user as Identity).id;
  const both = { header: ana, query: [bob] };
  expect(await who(undefined, both)).toBe("ana");
  expect(await who(["query", "header"], both)).toBe("bob");
  expect(await who(["query", "header"], { header: ana })).toBe("ana");
  await expect(who(undefined, { header: "bad", query: [bob] })).rejects.toMatchObject({ code: "unauthorized" });
  await expect(who(["header"], { query: [bob] })).rejects.toMatchObject({ message: "A token is needed." });
  await expect(who(undefined, {})).rejects.toMatchObject({ code: "unauthorized" });
});

test.each([undefined, ""])("a missing secret (%j) is a ConfigError when the app starts, and not before", (secret) => {
  const credential = jwt({ secret });
  expect(() => credential.check()).toThrow(ConfigError);
  expect(() => credential.check()).toThrow(
    expect.objectContaining({ code: "missing_secret", fix: expect.stringContaining("JWT_SECRET") }),
  );
  jwt({ secret: SECRET }).check();
});

test("without a secret nobody is let in, whatever the token is signed with", async () => {
  const header = forge(await sign({ sub: "ana" }), { sub: "ana" });
  await expect(jwt({ secret: "" }).authenticate(offer({ header }))).rejects.toThrow();
});

/** The same token with other claims and the old signature. */
function forge(token: string, claims: Claims): string {
  const [header, , signature] = token.split(".");
  return [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
}

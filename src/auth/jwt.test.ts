import { createHmac, type KeyObject } from "node:crypto";
import { SignJWT, UnsecuredJWT } from "jose";
import { expect, test } from "vitest";
import { z } from "zod";
import { ConfigError } from "../base/config-error.js";
import type { Authenticated, StartupWarning, TokenCheck } from "../declare/credential.js";
import type { Dependency } from "../declare/dependency.js";
import { jwt } from "./jwt.js";
import type { JwtAlgorithm } from "./signature-algorithm.js";

const SECRET = "a secret of at least thirty-two bytes";
const NOW_MS = Date.UTC(2026, 0, 1);
const NOW = NOW_MS / 1_000;

type Claims = Record<string, unknown>;

function sign(claims: Claims, alg = "HS256", key: string | KeyObject = SECRET): Promise<string> {
  const signer = typeof key === "string" ? new TextEncoder().encode(key) : key;
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(signer);
}

/** What the core reads of it. */
function waysOf(credential: Dependency<unknown>) {
  const definition = credential["~definition"];
  if (definition.kind !== "credential") throw new Error("It reads no token.");
  return definition.ways;
}

function startUp(credential: Dependency<unknown>) {
  return waysOf(credential).flatMap(({ verifier }, index) => (index === 0 ? verifier.check() : []));
}

async function verify(
  credential: Dependency<unknown>,
  token: string,
  warn: (warning: StartupWarning) => void = () => {},
): Promise<Authenticated> {
  // It looks at the token and the time alone.
  const request = {} as TokenCheck["request"];
  const [way] = waysOf(credential);
  if (way === undefined) throw new Error("It looks nowhere.");
  return way.verifier.verify({ token, request, nowMs: NOW_MS, signal: new AbortController().signal, warn });
}

const check = async (claims: Claims, options: object = {}) =>
  verify(jwt({ secret: SECRET, ...options }), await sign(claims));

test("a token that is signed with the secret tells who it is, and until when", async () => {
  expect(await check({ sub: "ana", name: "Ana", exp: NOW + 60 })).toEqual({
    user: { id: "ana", sub: "ana", name: "Ana", exp: NOW + 60 },
    expiresAtMs: NOW_MS + 60_000,
    issuedAtMs: 0,
    tokenId: undefined,
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
  ["with an expiry that is endless", () => signText('{"sub":"ana","exp":1e999}')],
  ["with an issue time that is no number", () => sign({ sub: "ana", iat: "now" })],
  ["issued long before all time", () => signText('{"sub":"ana","iat":-1e999}')],
  ["issued in the future", () => sign({ sub: "ana", iat: NOW + 61 })],
  ["issued in the future and expired", () => sign({ sub: "ana", iat: NOW + 61, exp: NOW - 60 })],
  ["expired, without a subject", () => sign({ exp: NOW - 60 })],
  ["expired, and not valid yet", () => sign({ sub: "ana", exp: NOW - 60, nbf: NOW + 60 })],
  ["with claims that are a list", () => signText('["ana"]')],
  ["with an extension that we do not know", () => signText('{"sub":"ana"}', { crit: ["exp"], exp: 1 })],
  ["signed over the claims as they are", () => signText('{"sub":"ana"}', { crit: ["b64"], b64: false })],
  ["empty", () => ""],
  ["no token at all", () => "a.b.c"],
  ["two tokens", async () => `${await sign({ sub: "ana" })} ${await sign({ sub: "ana" })}`],
])("a token that is %s is `unauthorized`", async (_, make) => {
  const authenticated = verify(jwt({ secret: SECRET }), await make());
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
    ["a.b.c", forged, await sign({ sub: "ana", nbf: NOW + 60 }), await sign({ sub: "ana", iat: NOW + 999 })].map(
      (token) => verify(jwt({ secret: SECRET }), token).catch(({ message }) => message),
    ),
  );
  expect(new Set(messages)).toEqual(new Set(["The token is not valid."]));
});

test.each<[Claims, string, string | undefined]>([
  [{ name: "Ana" }, "The token names nobody: it has no `sub`.", undefined],
  [{ sub: "" }, "The token names nobody: its `sub` is empty.", undefined],
  [{ sub: 5 }, "The token names nobody: its `sub` is no text.", 'Its `sub` is the number 5: sign it as "5".'],
  [{ sub: ["ana"] }, "The token names nobody: its `sub` is no text.", "Its `sub` is of type object: sign a text."],
  [
    { sub: "ana", iat: NOW + 100.5 },
    "The token is not valid.",
    "Its `iat` is 101 s ahead of this clock, and may be 60 s: set the clocks, or raise `clockSkew`.",
  ],
  [
    { sub: "ana", iat: NOW_MS },
    "The token is not valid.",
    "Its `iat` is in milliseconds, as it seems: it counts seconds since 1970.",
  ],
  [{ sub: "ana", iat: "now" }, "The token is not valid.", '"iat" claim must be a number'],
])("of a token of %j the log knows what is wrong with it", async (claims, message, detail) => {
  const refused = await check(claims).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "unauthorized", message });
  expect((refused as Error).cause).toEqual(detail && expect.objectContaining({ message: detail }));
});

test("an endless time is told to the log too", async () => {
  const refused = verify(jwt({ secret: SECRET }), signText('{"sub":"ana","exp":1e999}'));
  await expect(refused).rejects.toMatchObject({
    cause: { message: "Its `exp` or its `iat` is no number with an end." },
  });
});

test("of an expiry in milliseconds the log is warned, once, and not of one of ten years", async () => {
  const warnings: string[] = [];
  const credential = jwt({ secret: SECRET });
  const show = async (exp: number) => {
    await verify(credential, await sign({ sub: "ana", exp }), ({ code }) => warnings.push(code));
  };
  await show(NOW + 10 * 365 * 86_400);
  expect(warnings).toEqual([]);
  await show(NOW_MS + 3_600_000);
  await show(NOW_MS + 3_600_000);
  expect(warnings).toEqual(["distant_expiry"]);
});

test("the algorithms are those that are pinned, and no others", async () => {
  const both = jwt({ secret: SECRET.repeat(2), algorithms: ["HS256", "HS512"] });
  for (const alg of ["HS256", "HS512"]) {
    expect((await verify(both, await sign({ sub: "ana" }, alg, SECRET.repeat(2)))).user).toMatchObject({ id: "ana" });
  }
  const other = await sign({ sub: "ana" }, "HS384", SECRET.repeat(2));
  await expect(verify(both, other)).rejects.toMatchObject({ code: "unauthorized" });
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

test("the ways are the places in their order, and share one verifier", () => {
  const placesOf = (credential: Dependency<unknown>) => waysOf(credential).map(({ place }) => place);
  expect(placesOf(jwt({ secret: SECRET }))).toMatchObject(["header", "subprotocol", "query"]);
  const all = jwt({ secret: SECRET, from: ["query", "message", "cookie"], cookie: "token", deadline: "10s" });
  expect(waysOf(all)).toMatchObject([
    { place: "query", verifier: expect.anything() },
    { place: "message", deadlineMs: 10_000, verifier: expect.anything() },
    { place: "cookie", cookie: "token", verifier: expect.anything() },
  ]);
  expect(new Set(waysOf(all).map(({ verifier }) => verifier)).size).toBe(1);
});

test("a token tells when it was issued, and its name", async () => {
  expect(await check({ sub: "ana", iat: NOW - 5, jti: "t1" })).toMatchObject({
    issuedAtMs: NOW_MS - 5_000,
    tokenId: "t1",
  });
  expect(await check({ sub: "ana", jti: 7 })).toMatchObject({ issuedAtMs: 0, tokenId: undefined });
  expect(await check({ sub: "ana", iat: NOW })).toMatchObject({ issuedAtMs: NOW_MS, seenAtMs: undefined });
});

test("of one whose issuer's clock is fast it is known when it was seen: it can't have been issued later", async () => {
  expect(await check({ sub: "ana", iat: NOW + 60 })).toMatchObject({ issuedAtMs: NOW_MS + 60_000, seenAtMs: NOW_MS });
});

test.each<[Claims, "good" | "unauthorized" | "token_expired"]>([
  [{ exp: NOW - 29 }, "good"],
  [{ exp: NOW - 30 }, "token_expired"],
  [{ nbf: NOW + 30 }, "good"],
  [{ nbf: NOW + 31 }, "unauthorized"],
  [{ iat: NOW + 90 }, "good"],
  [{ iat: NOW + 91 }, "unauthorized"],
])("with a clock skew of 30 s a token of %j is %s", async (claims, outcome) => {
  const checked = check({ sub: "ana", ...claims }, { clockSkew: "30s" });
  if (outcome === "good") expect(await checked).toMatchObject({ user: { id: "ana" } });
  else await expect(checked).rejects.toMatchObject({ code: outcome });
});

test("with a clock skew a token is good so much longer, and the expiry that is told says so", async () => {
  const { expiresAtMs } = await check({ sub: "ana", exp: NOW - 5 }, { clockSkew: "30s" });
  expect(expiresAtMs).toBe(NOW_MS + 25_000);
});

test.each([
  { secret: undefined },
  { secret: "" },
  {},
  { key: undefined },
  { key: "" },
  { jwks: undefined },
  { jwks: "" },
])("a missing secret (%j) is a ConfigError when the app starts, and not before", (options) => {
  const credential = jwt(options);
  const name = Object.keys(options)[0] ?? "secret";
  expect(() => startUp(credential)).toThrow(ConfigError);
  expect(() => startUp(credential)).toThrow(
    expect.objectContaining({ code: "missing_secret", message: expect.stringContaining(`\`${name}\``) }),
  );
});

test("what is missing is told with what to do", () => {
  expect(() => startUp(jwt({ secret: "" }))).toThrow(
    expect.objectContaining({ fix: expect.stringContaining("JWT_SECRET") }),
  );
  expect(startUp(jwt({ secret: SECRET }))).toEqual([]);
});

test("without a secret nobody is let in, whatever the token is signed with", async () => {
  const token = forge(await sign({ sub: "ana" }), { sub: "ana" });
  await expect(verify(jwt({ secret: "" }), token)).rejects.toThrow(ConfigError);
  await expect(verify(jwt({ secret: "" }), signText('{"sub":"ana"}', {}, ""))).rejects.toThrow(ConfigError);
});

test.each<[number, JwtAlgorithm[] | undefined, number | undefined]>([
  [31, undefined, 32],
  [32, undefined, undefined],
  [47, ["HS384"], 48],
  [48, ["HS384"], undefined],
  [63, ["HS256", "HS512"], 64],
  [64, ["HS256", "HS512"], undefined],
])("a secret of %i bytes for %j is weak below %j", (length, algorithms, neededBytes) => {
  const warnings = startUp(
    jwt({ secret: "é".repeat(length / 2).padEnd(length - Math.floor(length / 2), "x"), algorithms }),
  );
  if (neededBytes === undefined) expect(warnings).toEqual([]);
  else {
    expect(warnings).toEqual([
      {
        code: "weak_secret",
        message: expect.stringContaining(`${length} bytes of the ${neededBytes}`),
        fix: expect.stringContaining(`openssl rand -base64 ${neededBytes}`),
      },
    ]);
  }
});

test.each([
  [{ secret: SECRET, jwks: "https://id.test/keys" }, "ambiguous_key"],
  [{ secret: SECRET, key: "a key" }, "ambiguous_key"],
  [{ key: "a key", jwks: "https://id.test/keys" }, "ambiguous_key"],
  [{ secret: SECRET, algorithms: ["RS256"] }, "invalid_algorithms"],
  [{ secret: SECRET, algorithms: ["HS256", "ES256"] }, "invalid_algorithms"],
  [{ secret: undefined, algorithms: ["EdDSA"] }, "invalid_algorithms"],
  [{ secret: SECRET, algorithms: ["none"] }, "invalid_algorithms"],
  [{ secret: SECRET, algorithms: ["constructor"] }, "invalid_algorithms"],
  [{ secret: SECRET, algorithms: [] }, "invalid_algorithms"],
  [{ key: "a key", algorithms: ["HS256"] }, "invalid_algorithms"],
  [{ key: "a key", algorithms: ["none"] }, "invalid_algorithms"],
  [{ jwks: "https://id.test/keys", algorithms: ["HS256"] }, "invalid_algorithms"],
  [{ jwks: "https://id.test/keys", algorithms: ["RS256", "HS512"] }, "invalid_algorithms"],
  [{ secret: SECRET, clockSkew: "30" }, "invalid_duration"],
  [{ secret: SECRET, from: ["message"], deadline: "soon" }, "invalid_duration"],
  [{ secret: SECRET, from: ["cookie"] }, "invalid_cookie_name"],
])("%j is a ConfigError where it is declared: %s", (options, code) => {
  // The types forbid some of it; JavaScript does not.
  expect(() => jwt(options as Parameters<typeof jwt>[0])).toThrow(
    expect.objectContaining({ name: "ConfigError", code }),
  );
});

/** The same token with other claims and the old signature. */
function forge(token: string, claims: Claims): string {
  const [header, , signature] = token.split(".");
  return [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
}

/** A token that jose would not make. */
function signText(claims: string, header: Claims = {}, secret: string = SECRET): string {
  const encode = (text: string) => Buffer.from(text).toString("base64url");
  const signed = `${encode(JSON.stringify({ alg: "HS256", ...header }))}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

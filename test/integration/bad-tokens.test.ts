import { generateKeyPairSync } from "node:crypto";
import { endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { expect, test } from "vitest";
import { z } from "zod";
import { serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { dial, dialRefused } from "../support/ws-client.js";

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const valid = { sub: "ana", iss: "https://login.example", aud: "chat", exp: inSeconds(60) };
const goodToken = signToken(valid);
const [header = "", , signature = ""] = goodToken.split(".");

function encode(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

const badTokens: Readonly<Record<string, string>> = {
  "one of another's secret": signToken(valid, { key: "somebody else's secret, just as long" }),
  "forged claims under a good signature": `${header}.${encode({ ...valid, sub: "admin" })}.${signature}`,
  "a signature cut short": goodToken.slice(0, -4),
  "a signature left out": `${goodToken.split(".").slice(0, 2).join(".")}.`,
  "alg none without a signature": signToken(valid, { alg: "none", signature: "" }),
  "alg none with a good signature": signToken(valid, { alg: "none", signature }),
  "alg NONE in capitals": signToken(valid, { alg: "NONE", signature: "" }),
  "HS512 where HS256 is meant": signToken(valid, { alg: "HS512" }),
  "HS384 where HS256 is meant": signToken(valid, { alg: "HS384" }),
  "RS256 of some key": signToken(valid, { alg: "RS256", key: privateKey }),
  "HS256 with a public key for a secret": signToken(valid, { key: publicKey }),
  "an empty secret": signToken(valid, { key: "" }),
  "no algorithm": `${encode({ typ: "JWT" })}.${encode(valid)}.${signature}`,
  "a critical extension nobody knows": `${encode({ alg: "HS256", crit: ["x"], x: 1 })}.${encode(valid)}.${signature}`,
  "not yet valid": signToken({ ...valid, nbf: inSeconds(60) }),
  "an expiry that is no number": signToken({ ...valid, exp: "tomorrow" }),
  "an expiry that is null": signToken({ ...valid, exp: null }),
  "another issuer": signToken({ ...valid, iss: "https://evil.example" }),
  "no issuer": signToken({ ...valid, iss: undefined }),
  "another audience": signToken({ ...valid, aud: "mail" }),
  "no audience": signToken({ ...valid, aud: undefined }),
  "no subject": signToken({ ...valid, sub: undefined }),
  "an empty subject": signToken({ ...valid, sub: "" }),
  "a subject that is a number": signToken({ ...valid, sub: 7 }),
  "a subject that is null": signToken({ ...valid, sub: null }),
  "claims that are an array": `${header}.${encode([valid])}.${signature}`,
  "claims that are no JSON": `${header}.${encode("{")}.${signature}`,
  "two parts": goodToken.split(".").slice(0, 2).join("."),
  "four parts": `${goodToken}.x`,
  "five parts, as if encrypted": "a.b.c.d.e",
  dots: "..",
  "something else": "null",
};

const room = endpoint("/ws/room", {
  auth: jwt({ secret, issuer: "https://login.example", audience: "chat" }),
});

test("a good token is let in", async () => {
  await using server = await serve({ endpoints: [room] });
  const client = await dial(`${server.url}/ws/room`, { token: goodToken });
  expect(await client.takeAll()).toEqual([]);
});

test.each(Object.entries(badTokens))("a token that is %s is unauthorized, by header and by query", async (_, token) => {
  await using server = await serve({ endpoints: [room] });
  const answers = [
    await dialRefused(`${server.url}/ws/room`, { token }),
    await dialRefused(`${server.url}/ws/room?token=${encodeURIComponent(token)}`),
  ];
  for (const { status, headers, body } of answers) {
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toBe("Bearer");
    expect(body).toEqual({ code: "unauthorized", message: expect.any(String) });
  }
  expect(server.errors.unread).toEqual([]);
});

test("a token that has only expired is `token_expired`; a bad one that has expired too is `unauthorized`", async () => {
  await using server = await serve({ endpoints: [room] });
  const expired = { ...valid, exp: inSeconds(-1) };
  const answers = [
    await dialRefused(`${server.url}/ws/room`, { token: signToken(expired) }),
    await dialRefused(`${server.url}/ws/room`, { token: signToken(expired, { key: "x".repeat(40) }) }),
  ];
  expect(answers).toMatchObject([
    { status: 401, body: { code: "token_expired" } },
    { status: 401, body: { code: "unauthorized" } },
  ]);
  expect(answers[0]?.headers["www-authenticate"]).toBe("Bearer");
});

test("a refusal does not tell which check failed, nor what was in the token", async () => {
  await using server = await serve({ endpoints: [room] });
  const messages = new Set<unknown>();
  for (const name of ["one of another's secret", "another issuer", "another audience", "not yet valid"]) {
    const { body } = await dialRefused(`${server.url}/ws/room`, { token: badTokens[name] ?? "" });
    messages.add((body as { readonly message: string }).message);
  }
  expect(messages.size).toBe(1);
});

test("other algorithms than HS256 are taken where they are listed, and then HS256 is not", async () => {
  const strict = endpoint("/ws/strict", { auth: jwt({ secret, algorithms: ["HS512"] }) });
  await using server = await serve({ endpoints: [strict] });
  await dial(`${server.url}/ws/strict`, { token: signToken(valid, { alg: "HS512" }) });
  expect((await dialRefused(`${server.url}/ws/strict`, { token: goodToken })).status).toBe(401);
});

test("claims that do not fit their schema are unauthorized", async () => {
  const claims = z.object({ sub: z.string(), role: z.enum(["user", "admin"]) });
  const admin = endpoint("/ws/admin", { auth: jwt({ secret, claims }) });
  await using server = await serve({ endpoints: [admin] });
  await dial(`${server.url}/ws/admin`, { token: signToken({ sub: "ana", role: "admin" }) });
  for (const role of [undefined, "root", ["admin"]]) {
    const refused = await dialRefused(`${server.url}/ws/admin`, { token: signToken({ sub: "ana", role }) });
    expect(refused).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  }
});

test("a token twice in the query is a bad request, whatever it says", async () => {
  await using server = await serve({ endpoints: [room] });
  for (const query of [`token=${goodToken}&token=${goodToken}`, "token=&token=", `token=${goodToken}&%74oken=x`]) {
    const refused = await dialRefused(`${server.url}/ws/room?${query}`);
    expect(refused).toMatchObject({ status: 400, body: { code: "bad_request" } });
    expect(refused.headers["www-authenticate"]).toBeUndefined();
  }
});

test("a token of more than 8 KiB is a bad request, one of 8 KiB is looked at", async () => {
  await using server = await serve({ endpoints: [room] });
  const long = signToken({ ...valid, filler: "x".repeat(9_000) });
  expect(await dialRefused(`${server.url}/ws/room`, { token: long })).toMatchObject({
    status: 400,
    body: { code: "bad_request" },
  });
  expect((await dialRefused(`${server.url}/ws/room?token=${"x".repeat(8_193)}`)).status).toBe(400);
  expect((await dialRefused(`${server.url}/ws/room?token=${"x".repeat(8_192)}`)).status).toBe(401);
  const ours = await dial(`${server.url}/ws/room`, { protocols: ["tidings.v1"], token: long });
  expect(await ours.closed).toEqual({ code: 1008, reason: "bad_request" });
});

import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { errors, SignJWT } from "jose";
import { expect, test } from "vitest";
import type { TokenCheck } from "../declare/credential.js";
import { jwt } from "./jwt.js";
import { KeySet } from "./key-set.js";

const NOW_MS = Date.UTC(2026, 0, 1);
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

const [one, two] = [
  generateKeyPairSync("ec", { namedCurve: "P-256" }),
  generateKeyPairSync("ec", { namedCurve: "P-256" }),
];
const jwkOf = (key: KeyObject, more: object = {}) => ({ ...key.export({ format: "jwk" }), alg: "ES256", ...more });
const first = jwkOf(one.publicKey, { kid: "one" });
const second = jwkOf(two.publicKey, { kid: "two" });

test("keys are fetched for the first token, by those who wait together, and once", async () => {
  await using server = await startKeyServer(answerKeys(first, second));
  const keys = new KeySet(server.url);
  expect(server.asked).toBe(0);
  await Promise.all(Array.from({ length: 20 }, (_, index) => find(keys, index % 2 ? "one" : "two")));
  await find(keys, "one", NOW_MS + 10 * MINUTE_MS - 1);
  expect(server.asked).toBe(1);
});

test("who comes while they are fetched waits for them, however long that takes", async () => {
  await using server = await startKeyServer(answerKeys(first));
  const keys = new KeySet(server.url);
  await Promise.all([find(keys, "one"), find(keys, "one", NOW_MS + 2 * SECOND_MS)]);
  expect(server.asked).toBe(1);
});

test("after ten minutes they are fetched again, and one that is gone is not good any more", async () => {
  await using server = await startKeyServer(answerKeys(first, second));
  const keys = new KeySet(server.url);
  await find(keys, "one");
  server.answer = answerKeys(second);
  const later = NOW_MS + 10 * MINUTE_MS;
  await expect(find(keys, "one", later)).rejects.toThrow(errors.JWKSNoMatchingKey);
  await find(keys, "two", later);
  expect(server.asked).toBe(2);
});

test("a key that is not known is asked for, half a minute after the last time at the earliest", async () => {
  await using server = await startKeyServer(answerKeys(first));
  const keys = new KeySet(server.url);
  await find(keys, "one");
  server.answer = answerKeys(first, second);
  await expect(find(keys, "two", NOW_MS + 30 * SECOND_MS - 1)).rejects.toThrow(errors.JWKSNoMatchingKey);
  expect(server.asked).toBe(1);
  await Promise.all([find(keys, "two", NOW_MS + 30 * SECOND_MS), find(keys, "two", NOW_MS + 30 * SECOND_MS + 1)]);
  expect(server.asked).toBe(2);
});

test("however many keys are named that nobody has, the server is asked once per cooldown", async () => {
  await using server = await startKeyServer(answerKeys(first));
  const keys = new KeySet(server.url);
  for (const round of [0, 1, 2]) {
    const nowMs = NOW_MS + round * 30 * SECOND_MS;
    const kids = Array.from({ length: 50 }, (_, index) => `${round}-${index}`);
    const together = await Promise.allSettled(kids.map((kid) => find(keys, kid, nowMs)));
    for (const kid of kids) await expect(find(keys, kid, nowMs + 1)).rejects.toThrow(errors.JWKSNoMatchingKey);
    expect(together.every((it) => it.status === "rejected" && it.reason instanceof errors.JWKSNoMatchingKey)).toBe(
      true,
    );
    expect(server.asked).toBe(round + 1);
  }
});

test("a token that names no key means the one there is, and none where there are several", async () => {
  await using server = await startKeyServer(answerKeys(first));
  await find(new KeySet(server.url), undefined);
  server.answer = answerKeys(first, second);
  await expect(find(new KeySet(server.url), undefined)).rejects.toThrow(errors.JWKSMultipleMatchingKeys);
});

const failures: [string, RequestListener][] = [
  ["fails", (_, response) => response.writeHead(500).end(JSON.stringify({ keys: [first] }))],
  ["says there is nothing", (_, response) => response.writeHead(204).end()],
  ["answers with a page", (_, response) => response.end("<h1>Hello</h1>")],
  ["answers with nothing", (_, response) => response.end()],
  ["answers with JSON that is no key set", (_, response) => response.end('{"error":"moved"}')],
  ["answers with a list", (_, response) => response.end(JSON.stringify([first]))],
  ["has keys that are no objects", (_, response) => response.end('{"keys":["one"]}')],
  [
    "answers with what is not UTF-8",
    (_, response) => response.end(Buffer.from(JSON.stringify({ keys: [first], by: "ÿ" }), "latin1")),
  ],
  ["answers with more than a mebibyte", (_, response) => response.end(keysOfBytes(1_048_577))],
  [
    "answers with more than a mebibyte, compressed",
    (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(keysOfBytes(1_048_577))),
  ],
  ["hangs up", (request) => request.socket.destroy()],
  ["hangs up in the middle", (_, response) => void response.write('{"keys":[', () => response.destroy())],
  ["sends elsewhere", (_, response) => response.writeHead(302, { location: "/elsewhere" }).end()],
  ["sends elsewhere for good", (_, response) => response.writeHead(308, { location: "/elsewhere" }).end()],
];

test.each(failures)("while the server %s from the start, nobody knows whether a token is good", async (_, fail) => {
  await using server = await startKeyServer(fail);
  const keys = new KeySet(server.url);
  const together = await Promise.allSettled([find(keys, "one"), find(keys, "two")]);
  for (const outcome of together) expect(outcome).toMatchObject({ status: "rejected", reason: away });
  // Who comes at once is not let through to a server that is in trouble; a second later it is asked again.
  await expect(find(keys, "one", NOW_MS + SECOND_MS - 1)).rejects.toMatchObject(away);
  expect(server.asked).toBe(1);
  server.answer = answerKeys(first);
  await find(keys, "one", NOW_MS + SECOND_MS);
  expect(server.asked).toBe(2);
});

test.each(failures)("while the server %s later, the keys that are known go on working for a day", async (_, fail) => {
  await using server = await startKeyServer(answerKeys(first));
  const keys = new KeySet(server.url);
  await find(keys, "one");
  server.answer = fail;
  const oldAt = NOW_MS + 10 * MINUTE_MS;
  await Promise.all([find(keys, "one", oldAt), find(keys, "one", oldAt)]);
  await find(keys, "one", oldAt + 30 * SECOND_MS - 1);
  expect(server.asked).toBe(2);
  // Whether there is such a key, only the server knows.
  await expect(find(keys, "two", oldAt + 1)).rejects.toMatchObject(away);
  expect(server.asked).toBe(2);
  await find(keys, "one", NOW_MS + DAY_MS - 1);
  await expect(find(keys, "one", NOW_MS + DAY_MS)).rejects.toMatchObject(away);
  server.answer = answerKeys(second);
  await find(keys, "two", NOW_MS + DAY_MS + 30 * SECOND_MS);
  await expect(find(keys, "one", NOW_MS + DAY_MS + 30 * SECOND_MS)).rejects.toThrow(errors.JWKSNoMatchingKey);
});

const hanging: [string, RequestListener][] = [
  ["does not answer", () => {}],
  ["does not finish", (_, response) => void response.write('{"keys":[')],
];

test.each(hanging)("a server that %s in time is away", async (_, hang) => {
  await using server = await startKeyServer(hang);
  await expect(find(new KeySet(server.url, { timeoutMs: 20 }), "one")).rejects.toMatchObject(away);
});

test("a server that hangs later delays who comes first, and then nobody for half a minute", async () => {
  await using server = await startKeyServer(answerKeys(first));
  // Long enough for the answer that does come.
  const keys = new KeySet(server.url, { timeoutMs: 1_000 });
  await find(keys, "one");
  server.answer = () => {};
  await find(keys, "one", NOW_MS + 10 * MINUTE_MS);
  await find(keys, "one", NOW_MS + 10 * MINUTE_MS + 30 * SECOND_MS - 1);
  expect(server.asked).toBe(2);
});

test("a server that refuses the connection is away, and its address is told to nobody who shows a token", async () => {
  const server = await startKeyServer(answerKeys(first));
  await server[Symbol.asyncDispose]();
  await expect(find(new KeySet(server.url), "one")).rejects.toMatchObject(away);
});

test.each<[string, object]>([
  ["is private", jwkOf(one.privateKey, { kid: "one" })],
  ["is broken", { ...first, x: "AAAA" }],
])("a key of the set that %s is the server's fault, and leaves the others good", async (_, bad) => {
  await using server = await startKeyServer(answerKeys(bad, second));
  const keys = new KeySet(server.url);
  await expect(find(keys, "one")).rejects.toMatchObject(away);
  await find(keys, "two");
});

test("a body of just a mebibyte is read", async () => {
  await using server = await startKeyServer((_, response) => response.end(keysOfBytes(1_048_576)));
  await find(new KeySet(server.url), "one");
});

test("a clock that is set back does not make keys last longer", async () => {
  await using server = await startKeyServer(answerKeys(first));
  const keys = new KeySet(server.url);
  await find(keys, "one");
  server.answer = answerKeys(second);
  await expect(find(keys, "one", NOW_MS - 60 * MINUTE_MS)).rejects.toThrow(errors.JWKSNoMatchingKey);
  expect(server.asked).toBe(2);
});

test("jwt() takes the tokens of a key set, through a rotation", async () => {
  await using server = await startKeyServer(answerKeys(first));
  const credential = jwt({ jwks: server.url });
  expect(await verify(credential, await sign(one.privateKey, "one"))).toMatchObject({ user: { id: "ana" } });
  const rotated = await sign(two.privateKey, "two");
  await expect(verify(credential, rotated)).rejects.toMatchObject({ code: "unauthorized" });
  server.answer = answerKeys(first, second);
  expect(await verify(credential, rotated, NOW_MS + 30 * SECOND_MS)).toMatchObject({ user: { id: "ana" } });
});

test.each<[string, () => Promise<string>]>([
  ["names a key that nobody has", () => sign(two.privateKey, "three")],
  ["names another key than it is signed with", () => sign(two.privateKey, "one")],
  ["does not say which of the keys it means", () => sign(one.privateKey, undefined)],
])("a token that %s is `unauthorized`", async (_, make) => {
  await using server = await startKeyServer(answerKeys(first, second));
  const verified = verify(jwt({ jwks: server.url }), await make());
  await expect(verified).rejects.toMatchObject({ code: "unauthorized", message: "The token is not valid." });
});

test("a token whose algorithm is not pinned, or that is none, does not bother the key server", async () => {
  await using server = await startKeyServer(answerKeys(first, second));
  const credential = jwt({ jwks: server.url, algorithms: ["RS256"] });
  const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.e30.`;
  for (const token of [await sign(one.privateKey, "one"), unsigned, "a.b.c", ""]) {
    await expect(verify(credential, token)).rejects.toMatchObject({ code: "unauthorized" });
  }
  expect(server.asked).toBe(0);
});

test("while the key server is away a token is neither good nor bad", async () => {
  await using server = await startKeyServer((_, response) => response.writeHead(500).end());
  const verified = verify(jwt({ jwks: server.url }), await sign(one.privateKey, "one"));
  await expect(verified).rejects.toMatchObject(away);
});

/** How it looks to who shows a token while the keys can't be had. */
const away = {
  name: "TidingsError",
  code: "unavailable",
  message: "The key server can't be reached.",
  cause: expect.any(Error),
};

function find(keys: KeySet, kid: string | undefined, nowMs: number = NOW_MS) {
  return keys.find({ alg: "ES256", ...(kid !== undefined && { kid }) }, { payload: "", signature: "" }, nowMs);
}

function sign(key: KeyObject, kid: string | undefined): Promise<string> {
  return new SignJWT({ sub: "ana" }).setProtectedHeader({ alg: "ES256", ...(kid !== undefined && { kid }) }).sign(key);
}

function verify(credential: ReturnType<typeof jwt>, token: string, nowMs: number = NOW_MS) {
  const definition = credential["~definition"];
  const [way] = definition.kind === "credential" ? definition.ways : [];
  if (way === undefined) throw new Error("It reads no token.");
  // It looks at the token and the time alone.
  const request = {} as TokenCheck["request"];
  return way.verifier.verify({ token, nowMs, request, signal: new AbortController().signal });
}

function answerKeys(...keys: object[]): RequestListener {
  return (_, response) => response.end(JSON.stringify({ keys }));
}

/** A key set that is good, but for its length. */
function keysOfBytes(bytes: number): string {
  const text = JSON.stringify({ keys: [first] });
  return text + " ".repeat(bytes - text.length);
}

/** A key server of this machine. `/elsewhere` always has good keys. */
async function startKeyServer(answer: RequestListener) {
  const served = { answer, asked: 0 };
  const server = createServer((request, response) => {
    if (request.url === "/elsewhere") return answerKeys(first, second)(request, response);
    served.asked += 1;
    return served.answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
  return Object.assign(served, {
    url: new URL(`http://127.0.0.1:${port}/keys`),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  });
}

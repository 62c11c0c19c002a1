import { createHmac, createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { type AppOptions, createApp, dependency, endpoint, TidingsError } from "tidings";
import { bearer, firstOf, jwt, session, type TokenPlace } from "tidings/auth";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../support/gate.js";
import { handshakeRequest, request } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { type DialOptions, dial, dialRefused, dialTidings, Refusal, type WsClient } from "../support/ws-client.js";

const who = { receives: { who: z.object({}) }, on: { who: ({ user }: { user: { id: string } }) => user.id } };

// Tokens that a public key is for

const issuer = generateKeyPairSync("rsa", { modulusLength: 2048 });
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = issuer.publicKey.export({ type: "spki", format: "pem" }).toString();
const jwk = { ...issuer.publicKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "RS256" };
const expected = { issuer: "https://login.example", audience: "chat" };
const claims = { sub: "ana", iss: expected.issuer, aud: expected.audience, exp: inSeconds(600) };

const publicKeyTokens: Readonly<Record<string, string>> = {
  "not yet valid": signRsa({ ...claims, nbf: inSeconds(600) }),
  "issued in the future": signRsa({ ...claims, iat: inSeconds(3_600) }),
  "for another audience": signRsa({ ...claims, aud: "mail" }),
  "from another issuer": signRsa({ ...claims, iss: "https://evil.example" }),
  "signed by another key": signRsa(claims, { key: stranger.privateKey }),
  "signed by another key, which it carries itself": signRsa(claims, {
    key: stranger.privateKey,
    header: { jwk: stranger.publicKey.export({ format: "jwk" }) },
  }),
  "for another algorithm than it is signed with": signRsa(claims, { header: { alg: "PS256" } }),
  "alg none without a signature": unsigned({ alg: "none", kid: "one" }, ""),
  "alg none with a signature": unsigned({ alg: "none", kid: "one" }, signRsa(claims).split(".")[2] ?? ""),
  "HS256 with the PEM for a secret": signHmac(pem),
  "HS256 with the trimmed PEM for a secret": signHmac(pem.trim()),
  "HS256 with the key's DER for a secret": signHmac(issuer.publicKey.export({ type: "spki", format: "der" })),
  "HS256 with the modulus for a secret": signHmac(Buffer.from(jwk.n ?? "", "base64url")),
  "HS256 with an empty secret": signHmac(""),
  "without a signature": `${signRsa(claims).split(".").slice(0, 2).join(".")}.`,
};

test.each(Object.entries(publicKeyTokens))(
  "a token that is %s is unauthorized for `key` and for `jwks`",
  async (_, token) => {
    await using keys = await startKeyServer(answerKeys(jwk));
    const endpoints = [
      endpoint("/ws/pem", { auth: jwt({ key: pem, ...expected }) }),
      endpoint("/ws/jwk", { auth: jwt({ key: jwk, ...expected }) }),
      endpoint("/ws/jwks", { auth: jwt({ jwks: keys.url, ...expected }) }),
    ];
    await using server = await serve({ endpoints });
    for (const path of ["/ws/pem", "/ws/jwk", "/ws/jwks"]) {
      const { status, headers, body } = await dialRefused(server.url + path, { token });
      expect({ status, body }, path).toEqual({
        status: 401,
        body: { code: "unauthorized", message: "The token is not valid." },
      });
      expect(headers["www-authenticate"], path).toBe("Bearer");
      expect(await refusedAs(server.url + path, token), path).toEqual({ code: 1008, reason: "unauthorized" });
      await dial(server.url + path, { token: signRsa(claims) });
    }
    expect(server.errors.unread).toEqual([]);
  },
);

test("a token that only has expired is `token_expired` for `key` and for `jwks`", async () => {
  await using keys = await startKeyServer(answerKeys(jwk));
  const endpoints = [
    endpoint("/ws/pem", { auth: jwt({ key: pem }) }),
    endpoint("/ws/jwks", { auth: jwt({ jwks: keys.url }) }),
  ];
  await using server = await serve({ endpoints });
  const expired = { ...claims, exp: inSeconds(-1) };
  for (const path of ["/ws/pem", "/ws/jwks"]) {
    const answers = [
      await dialRefused(server.url + path, { token: signRsa(expired) }),
      await dialRefused(server.url + path, { token: signRsa(expired, { key: stranger.privateKey }) }),
    ];
    expect(answers, path).toMatchObject([
      { status: 401, body: { code: "token_expired" } },
      { status: 401, body: { code: "unauthorized" } },
    ]);
  }
});

test("a token that names its own key server is not believed, and that server not asked", async () => {
  await using keys = await startKeyServer(answerKeys(jwk));
  await using trap = await startKeyServer(answerKeys({ ...stranger.publicKey.export({ format: "jwk" }), kid: "two" }));
  await using server = await serve({ endpoints: [endpoint("/ws/me", { auth: jwt({ jwks: keys.url }) })] });
  for (const name of ["jku", "x5u"]) {
    const header = { kid: "two", [name]: trap.url.href };
    const refused = await dialRefused(`${server.url}/ws/me`, {
      token: signRsa(claims, { key: stranger.privateKey, header }),
    });
    expect(refused).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  }
  expect(trap.asked).toBe(0);
});

test("a token with a key that nobody knows is unauthorized, and however many there are, the key server is asked once", async () => {
  await using keys = await startKeyServer(answerKeys(jwk));
  await using server = await serve({ endpoints: [endpoint("/ws/me", { auth: jwt({ jwks: keys.url }) })] });
  const kids = ["two", "../one", "one ", "", "x".repeat(1_000), "__proto__"];
  for (const kid of kids) {
    const refused = await dialRefused(`${server.url}/ws/me`, { token: signRsa(claims, { header: { kid } }) });
    expect(refused, kid).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  }
  await dial(`${server.url}/ws/me`, { token: signRsa(claims) });
  expect(keys.asked).toBe(1);
});

// Key servers

const answers: Readonly<Record<string, RequestListener>> = {
  "is broken": (_, response) => response.writeHead(500).end(),
  "is overloaded": (_, response) => response.writeHead(503, { "retry-after": "60" }).end(),
  "knows no such path": (_, response) => response.writeHead(404).end("{}"),
  "shows a page": (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><p>Hi"),
  "says nothing": (_, response) => response.end(),
  "sends half of it": (_, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write('{"keys":[', () => response.destroy());
  },
  "sends JSON that is no key set": (_, response) => response.end("{}"),
  "sends null": (_, response) => response.end("null"),
  "sends keys that are no list": (_, response) => response.end('{"keys":{"one":1}}'),
  "sends keys that are no keys": (_, response) => response.end('{"keys":[7]}'),
  "sends more than a key set is long": (_, response) => response.end(JSON.stringify({ keys: [jwk] }).padEnd(2_000_000)),
  "sends elsewhere": (_, response) => response.writeHead(302, { location: "/elsewhere" }).end(),
  "hangs up": ({ socket }) => void socket.destroy(),
};

test.each(Object.entries(answers))(
  "while a key server %s nobody is let in, with 503, and nobody called a liar",
  async (_, answer) => {
    await using keys = await startKeyServer(answer);
    const auth = jwt({ jwks: keys.url });
    await using server = await serve({ endpoints: [endpoint("/ws/me", { auth })] });
    const { status, headers, body } = await dialRefused(`${server.url}/ws/me`, { token: signRsa(claims) });
    expect({ status, body }).toEqual({
      status: 503,
      body: { code: "unavailable", message: "The key server can't be reached." },
    });
    expect(headers["retry-after"]).toBe("1");
    expect(await refusedAs(`${server.url}/ws/me`, signRsa(claims))).toEqual({ code: 1013, reason: "unavailable" });
    for (const _each of [1, 2]) {
      expect(await server.errors.next()).toMatchObject({ error: expect.any(Error), at: { during: "credential" } });
    }
    // What can't be good whatever the keys are is still bad.
    expect(await dialRefused(`${server.url}/ws/me`, { token: signHmac(pem) })).toMatchObject({ status: 401 });
  },
);

test.each(Object.entries(answers))(
  "when a key server that %s is well again, the next token is good",
  async (_, answer) => {
    await using keys = await startKeyServer(answer);
    const me = endpoint("/ws/me", { auth: jwt({ jwks: keys.url }), ...who });
    await using server = await startTestApp(createApp({ endpoints: [me] }));
    const token = signRsa(claims);
    const dialled = server.connect<typeof me>("/ws/me", { token });
    await expect(dialled).rejects.toMatchObject({ code: "unavailable", closeCode: 1013 });
    keys.answer = answerKeys(jwk);
    await server.clock.advance("1s");
    const client = await server.connect<typeof me>("/ws/me", { token });
    expect(await client.request("who")).toBe("ana");
  },
);

test.each([
  ["no keys", []],
  ["keys of another", [{ ...stranger.publicKey.export({ format: "jwk" }), kid: "two" }]],
  ["another's key by the name of the one", [{ ...stranger.publicKey.export({ format: "jwk" }), kid: "one" }]],
])("while a key server has %s a token is unauthorized, and good when it has the right one", async (_, others) => {
  await using keys = await startKeyServer(answerKeys(...others));
  const me = endpoint("/ws/me", { auth: jwt({ jwks: keys.url }), ...who });
  const token = signRsa({ ...claims, exp: inSeconds(3_600) });
  {
    await using server = await serve({ endpoints: [me] });
    expect(await dialRefused(`${server.url}/ws/me`, { token })).toMatchObject({
      status: 401,
      body: { code: "unauthorized" },
    });
  }
  keys.answer = answerKeys(jwk);
  await using server = await startTestApp(createApp({ endpoints: [me] }));
  await server.clock.advance("11m");
  const client = await server.connect<typeof me>("/ws/me", { token });
  expect(await client.request("who")).toBe("ana");
});

test.each([
  ["a key that can't be read", { ...jwk, e: undefined }],
  ["a key that is too short to be one", { ...jwk, n: "AQAB" }],
  ["its private key", { ...issuer.privateKey.export({ format: "jwk" }), kid: "one", alg: "RS256" }],
])("while a key server has %s for the one nobody is let in, with 503, and its next key set is good", async (_, key) => {
  await using keys = await startKeyServer(answerKeys(key));
  const me = endpoint("/ws/me", { auth: jwt({ jwks: keys.url }), ...who });
  const token = signRsa({ ...claims, exp: inSeconds(3_600) });
  {
    await using server = await serve({ endpoints: [me] });
    const refused = await dialRefused(`${server.url}/ws/me`, { token });
    expect(refused).toMatchObject({ status: 503, body: { code: "unavailable" } });
  }
  keys.answer = answerKeys(jwk);
  await using server = await startTestApp(createApp({ endpoints: [me] }));
  await server.clock.advance("10m");
  const client = await server.connect<typeof me>("/ws/me", { token });
  expect(await client.request("who")).toBe("ana");
});

test("while nothing listens at the key server's address nobody is let in, with 503", async () => {
  const gone = await startKeyServer(answerKeys(jwk));
  await gone[Symbol.asyncDispose]();
  await using server = await serve({ endpoints: [endpoint("/ws/me", { auth: jwt({ jwks: gone.url }) })] });
  expect(await dialRefused(`${server.url}/ws/me`, { token: signRsa(claims) })).toMatchObject({
    status: 503,
    body: { code: "unavailable" },
  });
});

test("a key server that is slow keeps nobody waiting longer than `limits.needs`, and its answer is of use when it comes", async () => {
  const [asked, gate] = [createGate(), createGate()];
  await using keys = await startKeyServer((incoming, response) => {
    asked.open();
    void gate.opened.then(() => answerKeys(jwk)(incoming, response));
  });
  await using server = await serve({
    endpoints: [endpoint("/ws/me", { auth: jwt({ jwks: keys.url }) })],
    limits: { needs: "500ms" },
  });
  const token = signRsa(claims);
  expect(await dialRefused(`${server.url}/ws/me`, { token })).toMatchObject({
    status: 503,
    body: { code: "unavailable" },
  });
  await asked.opened;
  gate.open();
  await keys.answered;
  await dial(`${server.url}/ws/me`, { token });
  expect(keys.asked).toBe(1);
});

// Stores

const lookups = {
  session: (lookup: () => unknown) => session({ lookup: lookup as () => Promise<{ id: string }> }),
  bearer: (verify: () => unknown) => bearer({ verify: verify as () => Promise<{ id: string }> }),
};
const shown: Readonly<Record<keyof typeof lookups, DialOptions>> = {
  session: { headers: { cookie: "session_id=one" } },
  bearer: { token: "one" },
};
const stores = ["session", "bearer"] as const;

test.each(stores)("a store of %s that throws is away: 503, and the error is ours to see", async (kind) => {
  const error = new Error("The store is away.");
  for (const lookup of [() => Promise.reject(error), () => thrown(error)]) {
    await using server = await serve({ endpoints: [endpoint("/ws/me", { auth: lookups[kind](lookup) })] });
    const { status, headers, body } = await dialRefused(`${server.url}/ws/me`, shown[kind]);
    expect({ status, body }).toEqual({
      status: 503,
      body: { code: "unavailable", message: "The service can't be reached at the moment." },
    });
    expect(headers["retry-after"]).toBe("1");
    const connection = expect.any(String);
    expect(await server.errors.next()).toEqual({ error, at: { during: "credential", connection, endpoint: "/ws/me" } });
    expect(server.errors.unread).toEqual([]);
  }
});

test.each(stores)(
  "a store of %s that hangs is away after `limits.needs`, and is told that nobody waits",
  async (kind) => {
    const aborted = createGate();
    const lookup = (...[, given]: [unknown?, { readonly signal: AbortSignal }?]) => {
      given?.signal.addEventListener("abort", aborted.open);
      return new Promise(() => {});
    };
    await using server = await serve({
      endpoints: [endpoint("/ws/me", { auth: lookups[kind](lookup) })],
      limits: { needs: "50ms" },
    });
    expect(await dialRefused(`${server.url}/ws/me`, shown[kind])).toMatchObject({
      status: 503,
      body: { code: "unavailable" },
    });
    await aborted.opened;
    const { error, at } = await server.errors.next();
    expect(String(error)).toMatch(/longer than limits\.needs/);
    expect(at).toMatchObject({ during: "admission", endpoint: "/ws/me" });
    expect(server.app.stats()).toMatchObject({ connections: 0, pending: 0 });
  },
);

test.each(stores)("whom a store of %s does not know is unauthorized, and that is no error", async (kind) => {
  for (const nobody of [undefined, null]) {
    await using server = await serve({
      endpoints: [endpoint("/ws/me", { auth: lookups[kind](() => Promise.resolve(nobody)) })],
    });
    expect(await dialRefused(`${server.url}/ws/me`, shown[kind])).toMatchObject({
      status: 401,
      body: { code: "unauthorized" },
    });
    expect(server.errors.unread).toEqual([]);
  }
});

test.each(stores)("what a store of %s refuses with is what the client hears", async (kind) => {
  const auth = lookups[kind](() => Promise.reject(new TidingsError("forbidden", "This account is closed.")));
  await using server = await serve({ endpoints: [endpoint("/ws/me", { auth })] });
  expect(await dialRefused(`${server.url}/ws/me`, shown[kind])).toMatchObject({
    status: 403,
    body: { code: "forbidden", message: "This account is closed." },
  });
  expect(server.errors.unread).toEqual([]);
});

test.each(stores)("a user without an id is our own mistake, whatever a store of %s gives: 500", async (kind) => {
  for (const user of [{}, { id: "" }, { id: 7 }, "ana", 7, true, []]) {
    await using server = await serve({ endpoints: [endpoint("/ws/me", { auth: lookups[kind](() => user) })] });
    expect(await dialRefused(`${server.url}/ws/me`, shown[kind]), inspect(user)).toMatchObject({
      status: 500,
      body: { code: "internal" },
    });
    expect((await server.errors.next()).error, inspect(user)).toBeInstanceOf(TypeError);
    expect(server.errors.unread).toEqual([]);
  }
});

test("an empty cookie, and one of another name, is none", async () => {
  const asked: string[] = [];
  const auth = session({ lookup: (id) => void asked.push(id) });
  await using server = await serve({ endpoints: [endpoint("/ws/me", { auth })] });
  for (const cookie of ["session_id=", "session=one", "session_id", "SESSION_ID=one", "=one", "%"]) {
    const refused = await dialRefused(`${server.url}/ws/me`, { headers: { cookie } });
    expect(refused, cookie).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  }
  expect(asked).toEqual([]);
});

// Places

const goodToken = signToken({ sub: "ana" });
const badToken = signToken({ sub: "ana" }, { key: "somebody else's secret, just as long" });
const inHandshake = ["header", "subprotocol", "query", "cookie"] as const satisfies TokenPlace[];

test.each(inHandshake)("a token in the %s is taken where that is the place, and nowhere else", async (place) => {
  const endpoints = inHandshake.map((only) => endpoint(`/ws/${only}`, { auth: jwtFrom([only]), ...who }));
  await using server = await serve({ endpoints });
  for (const only of inHandshake) {
    const entered = await enter(`${server.url}/ws/${only}`, { [place]: goodToken });
    expect(entered, only).toBe(only === place ? "ana" : "unauthorized");
    expect(await enter(`${server.url}/ws/${only}`, { [place]: badToken }), only).toBe("unauthorized");
  }
});

const pairs = inHandshake.flatMap((first) =>
  inHandshake.filter((other) => other !== first).map((second) => [first, second] as const),
);

test.each(pairs)(
  "with a token in the %s and one in the %s the first place decides, good or bad",
  async (first, second) => {
    await using server = await serve({ endpoints: [endpoint("/ws/me", { auth: jwtFrom([first, second]), ...who })] });
    const url = `${server.url}/ws/me`;
    expect(await enter(url, { [first]: goodToken, [second]: badToken })).toBe("ana");
    expect(await enter(url, { [first]: badToken, [second]: goodToken })).toBe("unauthorized");
    expect(await enter(url, { [second]: goodToken })).toBe("ana");
  },
);

test("of several credentials the first whose token is there decides, good or bad", async () => {
  const auth = firstOf(session({ lookup: (id) => (id === "bob's" ? { id: "bob" } : undefined) }), jwt({ secret }));
  await using server = await serve({ endpoints: [endpoint("/ws/me", { auth, ...who })] });
  const url = `${server.url}/ws/me`;
  const cookie = (value: string) => ({ headers: { cookie: `session_id=${encodeURIComponent(value)}` } });
  expect(await nameOf(dialTidings(url, { ...cookie("bob's"), token: goodToken }))).toBe("bob");
  expect(await nameOf(dialTidings(url, { token: goodToken }))).toBe("ana");
  expect(await dialRefused(url, { ...cookie("nobody's"), token: goodToken })).toMatchObject({ status: 401 });
});

test("a token by message counts where no other place has one; elsewhere a bad one is refused at once", async () => {
  const me = endpoint("/ws/me", { auth: jwt({ secret, from: ["query", "message"] }), ...who });
  await using server = await serve({ endpoints: [me] });
  const client = await dial(`${server.url}/ws/me`);
  client.send({ type: "auth", payload: { token: goodToken }, id: 1 });
  expect(await client.next()).toEqual({ type: "auth_success", id: 1, payload: { user: { id: "ana" } } });
  expect((await client.ask("who", {})).payload).toBe("ana");
  expect(await dialRefused(`${server.url}/ws/me?token=${badToken}`)).toMatchObject({ status: 401 });
});

test.each([
  ["bad", badToken, "unauthorized"],
  ["expired", signToken({ sub: "ana", exp: inSeconds(-60) }), "token_expired"],
  ["longer than 8 KiB", "x".repeat(8_193), "bad_request"],
])(
  "a first message with a token that is %s closes, and nothing that came with it is handled",
  async (_, token, reason) => {
    let handled = 0;
    const me = endpoint("/ws/me", {
      auth: jwt({ secret, from: ["message"] }),
      receives: { go: z.object({}) },
      on: { go: () => void (handled += 1) },
    });
    await using server = await serve({ endpoints: [me] });
    const plain = await dial(`${server.url}/ws/me`);
    plain.send({ type: "auth", payload: { token } });
    plain.send({ type: "go" });
    expect(await plain.closed).toEqual({ code: 1008, reason });
    const ours = await dial(`${server.url}/ws/me`, { protocols: ["tidings.v1"] });
    ours.send({ type: "connect", payload: { token } });
    ours.send({ type: "go" });
    expect(await ours.closed).toEqual({ code: 1008, reason });
    expect([...plain.unread, ...ours.unread]).toEqual([]);
    expect(handled).toBe(0);
    expect(server.errors.unread).toEqual([]);
  },
);

test.each(["subprotocol", "cookie"] as const)(
  "a token of 8 KiB in the %s is looked at, a longer one a bad request",
  async (place) => {
    await using server = await serve({ endpoints: [endpoint("/ws/me", { auth: jwtFrom([place]) })] });
    expect(await enter(`${server.url}/ws/me`, { [place]: "x".repeat(8_192) })).toBe("unauthorized");
    expect(await enter(`${server.url}/ws/me`, { [place]: "x".repeat(8_193) })).toBe("bad_request");
  },
);

test("a fresh token by message that is longer than 8 KiB is a payload that does not fit, and the old one stays", async () => {
  await using server = await serve({ endpoints: [endpoint("/ws/me", { auth: jwt({ secret }), ...who })] });
  const client = await dial(`${server.url}/ws/me`, { token: goodToken });
  for (const token of ["x".repeat(8_193), "", 7, null, undefined]) {
    const answer = await client.ask("auth", { token }, "fresh");
    expect(answer).toMatchObject({ type: "error", payload: { code: "invalid_payload", type: "auth" } });
  }
  expect((await client.ask("who", {})).payload).toBe("ana");
});

test.each([
  ["given twice", `bearer.${encode(goodToken)}, bearer.${encode(badToken)}`],
  ["empty", "bearer."],
  ["padded", `bearer.${encode("a")}==`],
  ["base64, and not base64url", "bearer.ab+c"],
  ["of a length that base64 has not", "bearer.abcde"],
  ["not UTF-8", `bearer.${Buffer.from([0xff, 0xfe]).toString("base64url")}`],
])("a token as a subprotocol that is %s is a bad request", async (_, offered) => {
  await using server = await serve({ endpoints: [endpoint("/ws/me", { auth: jwt({ secret }) })] });
  for (const protocols of [offered, `${offered}, chat`]) {
    const headers = { "sec-websocket-protocol": protocols, authorization: `Bearer ${goodToken}` };
    const answer = await request(server.url, handshakeRequest("/ws/me", { headers }));
    expect(answer, protocols).toMatchObject({ status: 400, body: { code: "bad_request" } });
  }
});

test("a token as a subprotocol is never echoed", async () => {
  const chat = endpoint("/ws/me", { auth: jwt({ secret }), subprotocols: ["chat", `bearer.${encode(goodToken)}`] });
  await using server = await serve({ endpoints: [chat] });
  for (const [protocols, selected] of [
    [`bearer.${encode(goodToken)}`, undefined],
    [`bearer.${encode(goodToken)}, chat`, "chat"],
    [`bearer.${encode(goodToken)}, tidings.v1`, "tidings.v1"],
  ] as const) {
    const headers = { "sec-websocket-protocol": protocols };
    const answer = await request(server.url, handshakeRequest("/ws/me", { headers }));
    expect(answer.status).toBe(101);
    expect(answer.headers["sec-websocket-protocol"]).toBe(selected);
  }
});

// Pages

test("where a cookie may be the credential, a page of another origin is refused whatever it shows", async () => {
  const auth = firstOf(jwt({ secret }), session({ lookup: () => ({ id: "ana" }) }));
  await using server = await serve({ endpoints: [endpoint("/ws/me", { auth })] });
  const { host, port } = new URL(server.url);
  const foreign = [
    "https://evil.example",
    "null",
    "",
    `http://127.0.0.1:${Number(port) + 1}`,
    "http://127.0.0.1",
    `http://localhost:${port}`,
    `http://${host}.evil.example`,
    `http://${host}@evil.example`,
    `http://${host}/`,
    `http://${host}, http://${host}`,
    `ws://${host}`,
  ];
  for (const origin of foreign) {
    for (const more of [{ cookie: "session_id=one" }, { authorization: `Bearer ${goodToken}` }, {}]) {
      const refused = await dialRefused(`${server.url}/ws/me`, { headers: { origin, ...more } });
      expect(refused, origin).toMatchObject({ status: 403, body: { code: "origin_not_allowed" } });
    }
  }
  for (const origin of [server.url, `https://${host}`, server.url.toUpperCase()]) {
    await dial(`${server.url}/ws/me`, { headers: { origin, cookie: "session_id=one" } });
  }
  await dial(`${server.url}/ws/me`, { headers: { cookie: "session_id=one" } });
});

test("a page of another origin may come with a token, and no code of the app reads its cookies", async () => {
  const basket = dependency({ create: ({ request: { cookies } }) => cookies.basket ?? "empty" });
  const endpoints = [
    endpoint("/ws/me", { auth: jwt({ secret }) }),
    endpoint("/ws/basket", { auth: jwt({ secret }), needs: { basket } }),
  ];
  await using server = await serve({ endpoints });
  const headers = { origin: "https://evil.example", cookie: "basket=full" };
  await dial(`${server.url}/ws/me`, { headers, token: goodToken });
  expect(await dialRefused(`${server.url}/ws/basket`, { headers, token: goodToken })).toMatchObject({
    status: 403,
    body: { code: "origin_not_allowed" },
  });
  await dial(`${server.url}/ws/basket`, { headers: { ...headers, origin: server.url }, token: goodToken });
});

test("P22: no token, good or bad, is in a log line or in what `onError` is given, wherever it was", async () => {
  const tokens = {
    good: signToken({ sub: "ana", exp: inSeconds(60) }),
    expired: signToken({ sub: "ana", exp: inSeconds(-60) }),
    forged: signToken({ sub: "ana", exp: inSeconds(60) }, { key: "somebody else's secret, just as long" }),
    long: signToken({ sub: "ana", filler: "x".repeat(9_000) }),
    key: "an-api-key-that-only-its-issuer-can-read",
  };
  const endpoints: AppOptions["endpoints"] = [
    ...inHandshake.map((place) => endpoint(`/ws/${place}`, { auth: jwtFrom([place]) })),
    endpoint("/ws/strict", { auth: jwt({ secret }), query: z.strictObject({ page: z.coerce.number() }) }),
    endpoint("/ws/away", { auth: bearer({ verify: () => Promise.reject(new Error("away")) }) }),
    endpoint("/ws/nameless", { auth: lookups.bearer(() => ({ name: "Ana" })) }),
    endpoint("/ws/broken", {
      auth: jwt({ secret }),
      allow: ({ request: seen }) => thrown(Object.assign(new Error("broken"), { request: seen })),
    }),
    endpoint("/ws/message", { auth: jwt({ secret, from: ["message"] }) }),
  ];
  await using server = await serve({ endpoints });
  const paths = [
    ...inHandshake.map((place) => `/ws/${place}`),
    "/ws/strict",
    "/ws/away",
    "/ws/nameless",
    "/ws/broken",
    "/ws/nowhere",
  ];
  for (const token of Object.values(tokens)) {
    for (const path of paths) {
      for (const place of inHandshake) await enter(server.url + path, { [place]: token });
    }
    await dialRefused(`${server.url}/ws/query?token=${token}&token=${token}`);
    const client = await dial(`${server.url}/ws/message`);
    client.send({ type: "auth", payload: { token }, id: token.slice(0, 64) });
    client.send({ type: "auth", payload: { token } });
    client.close();
    await client.closed;
  }
  await server.app.close();
  const told = inspect([server.log.lines, server.errors.unread], {
    depth: 8,
    maxStringLength: null,
    maxArrayLength: null,
  });
  expect(server.log.lines.length).toBeGreaterThan(100);
  expect(told).toContain("unauthorized");
  for (const token of Object.values(tokens)) {
    for (const trace of [token.slice(-40), encode(token).slice(-40)])
      expect(told.includes(trace), token.slice(0, 99)).toBe(false);
  }
});

function jwtFrom(from: readonly TokenPlace[]) {
  return jwt({ secret, from, ...(from.includes("cookie") && { cookie: "token" }) });
}

type Shown = { readonly [Place in (typeof inHandshake)[number]]?: string };

/** Who gets in with these tokens in these places, or the code that it is refused with. */
async function enter(url: string, { header, subprotocol, query, cookie }: Shown): Promise<string> {
  const headers = {
    ...(header !== undefined && { authorization: `Bearer ${header}` }),
    ...(cookie !== undefined && { cookie: `token=${cookie}` }),
  };
  const target = query === undefined ? url : `${url}?token=${encodeURIComponent(query)}`;
  // Whoever offers a subprotocol hangs up where none of them is taken, so it is tidings.v1 that is offered beside.
  const protocols = subprotocol === undefined ? [] : ["tidings.v1", `bearer.${encode(subprotocol)}`];
  try {
    const client = await dial(target, { headers, protocols });
    if (protocols.length > 0) client.send({ type: "connect" });
    return await nameOf(client);
  } catch (error) {
    if (error instanceof Refusal) return (error.body as { readonly code: string }).code; // PROTOCOL.md, Refusing and closing
    throw error;
  }
}

/** Who it is by the server's own word, or the reason of its close. */
async function nameOf(dialled: WsClient | Promise<WsClient>): Promise<string> {
  const client = await dialled;
  client.send({ type: "who", id: "who" });
  const heard = async (): Promise<string> => {
    const { id, payload } = await client.next();
    return id === "who" ? String(payload) : heard();
  };
  return await heard().catch(async () => (await client.closed).reason);
}

/** What a client of tidings.v1 is closed with. */
async function refusedAs(url: string, token: string): Promise<unknown> {
  return (await dial(url, { protocols: ["tidings.v1"], token })).closed;
}

function signRsa(
  payload: object,
  { key = issuer.privateKey, header = {} }: { key?: KeyObject; header?: object } = {},
): string {
  const signed = `${encode({ alg: "RS256", kid: "one", ...header })}.${encode(payload)}`;
  return `${signed}.${createSign("sha256").update(signed).sign(key).toString("base64url")}`;
}

function signHmac(key: string | Buffer): string {
  const signed = `${encode({ alg: "HS256", kid: "one" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

function unsigned(header: object, signature: string): string {
  return `${encode(header)}.${encode(claims)}.${signature}`;
}

function encode(value: object | string): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

function thrown(error: Error): never {
  throw error;
}

function answerKeys(...keys: object[]): RequestListener {
  return (_, response) => response.end(JSON.stringify({ keys }));
}

/** A key server of this machine. `/elsewhere` always has good keys. */
async function startKeyServer(answer: RequestListener) {
  const answered = createGate();
  const served = { answer, asked: 0, answered: answered.opened };
  const server = createServer((incoming, response) => {
    if (incoming.url === "/elsewhere") return answerKeys(jwk)(incoming, response);
    served.asked += 1;
    response.once("finish", answered.open);
    return served.answer(incoming, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
  return Object.assign(served, {
    url: new URL(`http://127.0.0.1:${port}/keys`),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  });
}

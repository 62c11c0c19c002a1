import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { ServeConfig, WebhooksConfig } from "../../src/cli/serve/config.js";
import { makeApp } from "../../src/cli/serve/served-app.js";
import { Backend, type BackendNotice } from "../../src/cli/serve/webhooks/backend.js";
import { type Answering, HookBackend } from "../support/hook-backend.js";
import { LogRecorder } from "../support/log-recorder.js";
import { secret, signToken } from "../support/tokens.js";
import { dial, dialRefused } from "../support/ws-client.js";

const jwt = { secret };
const hookSecret = "between the server and the backend: 32+";
const unavailable = { code: "unavailable", retryAfterMs: expect.any(Number) };

/** A server of this configuration, and a backend that answers so. */
async function serve(answering: Answering, config: ServeConfig, webhooks: WebhooksConfig = {}) {
  const backend = await HookBackend.start(answering);
  const log = new LogRecorder();
  const app = await makeApp({ ...config, webhooks: { url: backend.url, secret: hookSecret, ...webhooks } }, log);
  const { url } = await app.listen(0, { signals: [] });
  return {
    url,
    app,
    log,
    backend,
    dial: (path = "/ws", sub = "ana") => dial(`${url}${path}`, { token: signToken({ sub, name: "Ana" }) }),
    async [Symbol.asyncDispose]() {
      await app.close();
      await backend[Symbol.asyncDispose]();
    },
  };
}

test("what is asked is signed over its time and its body", async () => {
  const config = { jwt, channels: { "chat/:room": { subscribe: "webhook" } } } as const;
  await using server = await serve(() => ({ allow: true }), config);
  const ana = await server.dial();
  await ana.ask("subscribe", { channel: "chat/lobby" });
  const [question] = server.backend.asked;
  if (question === undefined) throw new Error("It was not asked.");
  const { headers, text, body } = question;
  const [, time, signature] = /^t=(\d+),v1=([\da-f]{64})$/.exec(String(headers["tidings-signature"])) ?? [];
  expect(signature).toBe(createHmac("sha256", hookSecret).update(`${time}.${text}`).digest("hex"));
  expect(new Date(Number(time) * 1_000).toISOString().slice(0, 19)).toBe(String(body.at).slice(0, 19));
  expect(headers).toMatchObject({ "content-type": "application/json", "user-agent": "tidings" });
  expect(body).toEqual({
    hook: "subscribe",
    id: expect.stringMatching(/^[\da-f-]{36}$/),
    at: expect.any(String),
    channel: "chat/lobby",
    pattern: "chat/:room",
    params: { room: "lobby" },
    user: { id: "ana", sub: "ana", name: "Ana" },
  });
});

describe("connect", () => {
  test("the backend says whose a token is, and is told what the configuration lists of the handshake", async () => {
    await using server = await serve(
      ({ body }) => ({ user: { id: `user of ${body.token}`, plan: "pro" } }),
      { channels: { "plans/:plan": { subscribe: "users", match: { plan: "plan" } } } },
      { hooks: ["connect"], headers: ["x-tenant"], cookies: ["theme"], query: ["lang"] },
    );
    const headers = { "x-tenant": "acme", "x-other": "no", cookie: "theme=dark; session=no" };
    const ana = await dial(`${server.url}/ws?lang=de&other=no&token=t1`, { headers });
    expect(server.backend.asked[0]?.body).toMatchObject({
      hook: "connect",
      path: "/ws",
      token: "t1",
      address: "127.0.0.1",
      query: { lang: "de" },
      headers: { "x-tenant": "acme" },
      cookies: { theme: "dark" },
    });
    expect(server.backend.asked[0]?.text).not.toContain('"no"');
    expect(await ana.ask("subscribe", { channel: "plans/pro" })).toMatchObject({ type: "subscribed" });
    expect(await ana.ask("subscribe", { channel: "plans/free" })).toMatchObject({ payload: { code: "forbidden" } });
  });

  test("by itself nothing of the handshake is handed on but its token", async () => {
    await using server = await serve(() => ({ user: { id: "ana" } }), {}, { hooks: ["connect"] });
    await dial(`${server.url}/ws?a=1`, { token: "t1", headers: { cookie: "session=s", "x-a": "1" } });
    expect(server.backend.asked[0]?.body).toMatchObject({ token: "t1", query: {}, headers: {}, cookies: {} });
  });

  test("who shows no token is refused, and the backend is not asked", async () => {
    await using server = await serve(() => ({ user: { id: "ana" } }), {}, { hooks: ["connect"] });
    expect(await dialRefused(`${server.url}/ws`)).toMatchObject({ status: 401 });
    expect(server.backend.asked).toEqual([]);
  });

  test("without tokens the backend goes by what it is told, such as a cookie", async () => {
    const answering: Answering = ({ body }) => {
      const { session } = body.cookies as { session?: string };
      return session === "s1" ? { user: { id: "ana" } } : { error: { code: "unauthorized" } };
    };
    await using server = await serve(answering, {}, { hooks: ["connect"], from: [], cookies: ["session"] });
    await dial(`${server.url}/ws`, { headers: { cookie: "session=s1" } });
    expect(await dialRefused(`${server.url}/ws`)).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  });

  test.each([
    ["unauthorized", 401],
    ["forbidden", 403],
    ["token_expired", 401],
    ["plan_ended", 403],
    ["unavailable", 503],
  ])("the error %s refuses with %i", async (code, status) => {
    await using server = await serve(() => ({ error: { code } }), {}, { hooks: ["connect"] });
    expect(await dialRefused(`${server.url}/ws`, { token: "t" })).toMatchObject({ status, body: { code } });
  });

  test("after a JWT it may let in, add to what is known, or refuse; and can't make somebody else of them", async () => {
    const answers: Record<string, object> = {
      ana: { allow: true },
      bob: { user: { id: "bob", team: "red" } },
      eve: { allow: false },
      mal: { user: { id: "ana" } },
    };
    const config = { jwt, channels: { "team/:team": { subscribe: "users", match: { team: "team" } } } } as const;
    await using server = await serve(({ body }) => answers[(body.user as { id: string }).id], config, {
      hooks: ["connect"],
    });
    await server.dial("/ws", "ana");
    const bob = await server.dial("/ws", "bob");
    expect(await bob.ask("subscribe", { channel: "team/red" })).toMatchObject({ type: "subscribed" });
    const refused = (sub: string) => dialRefused(`${server.url}/ws`, { token: signToken({ sub }) });
    // Another token would not help her: it is known who she is.
    expect(await refused("eve")).toMatchObject({ status: 403, body: { code: "forbidden" } });
    expect(await refused("mal")).toMatchObject({ status: 503 });
    expect(await server.log.next("webhook_failed")).toMatchObject({
      fields: { reason: expect.stringContaining("another `id`") },
    });
  });

  test("without a JWT a no says that the token is nobody's", async () => {
    await using server = await serve(() => ({ allow: false }), {}, { hooks: ["connect"] });
    expect(await dialRefused(`${server.url}/ws`, { token: "t" })).toMatchObject({
      status: 401,
      body: { code: "unauthorized" },
    });
  });

  test("one whose time is over is not let in", async () => {
    await using server = await serve(() => ({ user: { id: "ana" }, exp: 1 }), {}, { hooks: ["connect"] });
    expect(await dialRefused(`${server.url}/ws`, { token: "t" })).toMatchObject({ body: { code: "token_expired" } });
  });

  test("the cookie of a session is a token too: by it somebody comes, and is gone when its time is over", async () => {
    const answering: Answering = ({ body }) =>
      body.token === "s1" ? { user: { id: "ana" } } : { error: { code: "unauthorized" } };
    await using server = await serve(answering, {}, { hooks: ["connect"], from: ["cookie"], cookie: "session" });
    const withCookie = (cookie: string, origin?: string) => ({
      headers: { cookie, ...(origin !== undefined && { origin }) },
    });
    await dial(`${server.url}/ws`, withCookie("session=s1"));
    expect(await dialRefused(`${server.url}/ws`, withCookie("session=s2"))).toMatchObject({ status: 401 });
    expect(await dialRefused(`${server.url}/ws`, withCookie("session=s1", "https://evil.example"))).toMatchObject({
      status: 403,
    });
  });

  test.each<[string, object, WebhooksConfig, ServeConfig]>([
    ["nobody is named, and no token names them", { allow: true }, {}, {}],
    ["an end is named that nobody would look at", { user: { id: "ana" }, exp: 9_999_999_999 }, { from: [] }, {}],
    ["an end is named beside a JWT's", { allow: true, exp: 9_999_999_999 }, {}, { jwt }],
  ])("where %s it has failed, and nobody is let in", async (_what, answer, webhooks, config) => {
    await using server = await serve(() => answer, config, { hooks: ["connect"], ...webhooks });
    expect(await dialRefused(`${server.url}/ws`, { token: signToken({ sub: "ana" }) })).toMatchObject({ status: 503 });
  });
});

describe("subscribe and publish", () => {
  const config = {
    jwt,
    channels: {
      "chat/:room": { subscribe: "webhook", publish: "webhook" },
      "own/:user": { subscribe: "webhook", match: { user: "sub" } },
    },
  } as const;

  test("the backend lets, forbids, or says why not", async () => {
    const answering: Answering = ({ body }) => {
      if (body.channel === "chat/open") return { allow: true };
      return body.channel === "chat/full"
        ? { error: { code: "room_full", message: "Ten is enough." } }
        : { allow: false };
    };
    await using server = await serve(answering, config);
    const ana = await server.dial();
    expect(await ana.ask("subscribe", { channel: "chat/open" })).toMatchObject({ type: "subscribed" });
    expect(await ana.ask("subscribe", { channel: "chat/shut" })).toMatchObject({ payload: { code: "forbidden" } });
    expect(await ana.ask("subscribe", { channel: "chat/full" })).toMatchObject({
      payload: { code: "room_full", message: "Ten is enough." },
    });
    expect(await ana.ask("publish", { channel: "chat/shut", type: "said" })).toMatchObject({
      payload: { code: "forbidden" },
    });
    ana.send({ type: "publish", payload: { channel: "chat/open", type: "said", payload: { text: "hi" } } });
    expect(await ana.next()).toMatchObject({ type: "said", payload: { text: "hi" } });
    expect(server.backend.of("publish").at(-1)?.body).toMatchObject({
      channel: "chat/open",
      type: "said",
      payload: { text: "hi" },
    });
  });

  test("what the claims forbid the backend is not asked", async () => {
    await using server = await serve(() => ({ allow: true }), config);
    const ana = await server.dial();
    expect(await ana.ask("subscribe", { channel: "own/bob" })).toMatchObject({ payload: { code: "forbidden" } });
    expect(server.backend.asked).toEqual([]);
    expect(await ana.ask("subscribe", { channel: "own/ana" })).toMatchObject({ type: "subscribed" });
  });
});

describe("message", () => {
  test("the backend's reply is the answer; one of each connection at a time, in order", async () => {
    const answering: Answering = ({ body }) => ({ reply: { heard: body.type, payload: body.payload } });
    await using server = await serve(answering, { jwt, endpoints: { "/ws": { receives: "webhook" } } });
    const ana = await server.dial();
    for (const id of [1, 2, 3]) ana.send({ type: "say", payload: { n: id }, id });
    const replies = await ana.take(3);
    expect(replies.map(({ id, payload }) => [id, payload])).toEqual(
      [1, 2, 3].map((n) => [n, { heard: "say", payload: { n } }]),
    );
    expect(server.backend.mostAtOnce).toBe(1);
    expect(server.backend.asked[0]?.body).toMatchObject({
      endpoint: "/ws",
      connection: expect.any(String),
      user: { id: "ana" },
    });
  });

  test("an error with issues is the answer too; and what does not fit its schema is not asked", async () => {
    const issues = [{ path: ["amount"], message: "is more than you have" }];
    const schema = { type: "object", required: ["amount"] };
    await using server = await serve(() => ({ error: { code: "invalid_payload", issues } }), {
      jwt,
      endpoints: { "/ws": { receives: { pay: schema } } },
    });
    const ana = await server.dial();
    expect(await ana.ask("pay", { amount: 7 })).toMatchObject({ payload: { code: "invalid_payload", issues } });
    expect(await ana.ask("pay", {})).toMatchObject({
      payload: { code: "invalid_payload", issues: [{ path: ["amount"], message: "is missing" }] },
    });
    expect(await ana.ask("earn", {})).toMatchObject({ payload: { code: "unknown_type" } });
    expect(server.backend.asked).toHaveLength(1);
  });
});

test("disconnect: the backend is told who has gone and how, whatever it answers", async () => {
  let told: (() => void) | undefined;
  const isTold = new Promise<void>((resolve) => {
    told = resolve;
  });
  const answering: Answering = (_question, response) => {
    response.writeHead(204).end();
    told?.();
    return undefined;
  };
  await using server = await serve(answering, { jwt }, { hooks: ["disconnect"] });
  const ana = await server.dial();
  ana.close(4001, "bye");
  await isTold;
  expect(server.backend.asked[0]?.body).toMatchObject({
    hook: "disconnect",
    endpoint: "/ws",
    user: { id: "ana" },
    code: 4001,
    reason: "bye",
  });
});

describe("a backend that fails", () => {
  const nonsense: [what: string, answering: Answering, reason: RegExp][] = [
    ["is not JSON", (_question, response) => void response.end("<html>"), /not JSON/],
    ["has another shape", () => ({ user: "ana" }), /the field "user"/],
    ["is a redirect", (_question, response) => void response.writeHead(302, { location: "/elsewhere" }).end(), /302/],
    ["is a 500", (_question, response) => void response.writeHead(500).end('{"allow":true}'), /500/],
    ["is huge", (_question, response) => void response.end('{"allow":true}'.padEnd(65_537)), /more than 65536 bytes/],
    ["is cut off", (_question, response) => void response.writeHead(200, { "content-length": "50" }).end("{"), /./],
    ["never comes", () => undefined, /no answer within 100 ms/],
    ["never ends", (_question, response) => void response.write('{"allow":'), /no answer within 100 ms/],
  ];

  /** Where an answer comes, its time must not be over before on a busy computer. */
  const patienceFor = (what: string): WebhooksConfig => ({ timeout: /never|cut off/.test(what) ? "100ms" : "10s" });

  test.each(nonsense)(
    "where its answer %s nobody is let in, nothing is heard or said, and no message answered",
    async (what, answering, reason) => {
      const channels = { chat: { subscribe: "webhook", publish: "webhook" } } as const;
      await using server = await serve(
        answering,
        { jwt, channels, endpoints: { "/ws": { receives: "webhook" } } },
        patienceFor(what),
      );
      const ana = await server.dial();
      const asked = [
        await ana.ask("subscribe", { channel: "chat" }, 1),
        await ana.ask("publish", { channel: "chat", type: "said" }, 2),
      ];
      expect(asked.map(({ payload }) => payload)).toMatchObject([unavailable, unavailable]);
      expect(await server.log.next("webhook_failed")).toMatchObject({
        level: "warn",
        fields: { hook: "subscribe", reason: expect.stringMatching(reason) },
      });
      expect(new Set(server.backend.asked.map(({ path }) => path))).toEqual(new Set(["/hooks"]));
    },
  );

  test.each(nonsense)("where its answer %s a message is `unavailable`", async (what, answering) => {
    await using server = await serve(
      answering,
      { jwt, endpoints: { "/ws": { receives: "webhook" } } },
      patienceFor(what),
    );
    const ana = await server.dial();
    const { payload } = await ana.ask("say", {});
    expect(payload, what).toMatchObject(unavailable);
  });

  test("one that is not there refuses who comes with 503, and says nothing of where it is", async () => {
    const gone = await HookBackend.start(() => undefined);
    const { url } = gone;
    await gone[Symbol.asyncDispose]();
    const app = await makeApp({ webhooks: { url, secret: hookSecret, hooks: ["connect"] } }, new LogRecorder());
    await using server = { ...(await app.listen(0, { signals: [] })), [Symbol.asyncDispose]: () => app.close() };
    const refused = await dialRefused(`${server.url}/ws`, { token: "t" });
    expect(refused).toMatchObject({ status: 503, body: { code: "unavailable" } });
    expect(JSON.stringify(refused.body)).not.toMatch(/ECONNREFUSED|127\.0\.0\.1/);
  });

  /** Whether another is kept from asking by one failure such as this. */
  async function isKeptOutAfter(answering: Answering, webhooks: WebhooksConfig = {}): Promise<boolean> {
    const config = { jwt, endpoints: { "/ws": { receives: "webhook" } } } as const;
    await using server = await serve(answering, config, { failures: 1, ...webhooks });
    const [mal, ana] = [await server.dial("/ws", "mal"), await server.dial()];
    expect((await mal.ask("say", {})).payload).toMatchObject(unavailable);
    server.backend.answering = () => ({ reply: "here" });
    const { payload } = await ana.ask("say", {});
    expect(server.backend.asked).toHaveLength(payload === "here" ? 2 : 1);
    return payload !== "here";
  }
  const withStatus =
    (status: number): Answering =>
    (_question, response) =>
      void response.writeHead(status).end("{}");

  test.each([301, 400, 401, 403, 404, 413, 422, 500, 501])(
    "where somebody gets it to answer with %i it is there, and others ask it as before",
    async (status) => {
      expect(await isKeptOutAfter(withStatus(status))).toBe(false);
    },
  );

  test.each(nonsense.filter(([what]) => /JSON|shape|huge/.test(what)))(
    "where somebody gets its answer to be one that %s, others ask it as before",
    async (_what, answering) => {
      expect(await isKeptOutAfter(answering)).toBe(false);
    },
  );

  test.each<[string, Answering, WebhooksConfig?]>([
    ...[429, 502, 503, 504].map((status): [string, Answering] => [`is busy or away (${status})`, withStatus(status)]),
    ["breaks off", (_question, response) => void response.destroy()],
    ["is silent", () => undefined, { timeout: "100ms" }],
  ])("one that %s is left in peace", async (_what, answering, webhooks) => {
    expect(await isKeptOutAfter(answering, webhooks)).toBe(true);
  });

  test("after five failures in a row it is not asked any more, and one that connects is not kept out by messages that fail", async () => {
    const answering: Answering = ({ hook }, response) => {
      if (hook === "connect") return { user: { id: "ana" } };
      response.writeHead(503).end();
      return undefined;
    };
    await using server = await serve(
      answering,
      { endpoints: { "/ws": { receives: "webhook" } } },
      { hooks: ["connect"] },
    );
    const ana = await dial(`${server.url}/ws`, { token: "t" });
    for (let id = 1; id <= 7; id += 1) expect((await ana.ask("say", {}, id)).payload).toMatchObject(unavailable);
    expect(server.backend.of("message")).toHaveLength(5);
    expect(await server.log.next("webhook_circuit_opened")).toMatchObject({
      fields: { hook: "message", retryAfterMs: 10_000 },
    });
    await dial(`${server.url}/ws`, { token: "t" });
  });

  test("of failures that a crowd brings about the log has one line a second, with how many it stands for", async () => {
    const told: BackendNotice[] = [];
    let nowMs = 0;
    await using at = await HookBackend.start(withStatus(422));
    const backend = new Backend({
      ...{ url: at.url, secret: hookSecret, timeoutMs: 5_000, atOnce: 1, waiting: 1, failures: 5, restMs: 10_000 },
      clock: { elapsed: () => nowMs },
      notice: (what) => told.push(what),
    });
    for (nowMs of [0, 400, 999, 1_000]) await backend.ask("message", {}).catch(() => {});
    const failed = { event: "webhook_failed", hook: "message", reason: "it answered status 422" };
    expect(told).toEqual([
      { ...failed, times: 1 },
      { ...failed, times: 3 },
    ]);
  });

  test("what can't be written as JSON is the fault of who says it: it is not asked, has not failed, and answers others", async () => {
    const channels = { chat: { publish: "webhook" } } as const;
    await using server = await serve(
      ({ hook }) => (hook === "message" ? { reply: 1 } : { allow: false }),
      { jwt, channels, endpoints: { "/ws": { receives: "webhook" } } },
      { failures: 1 },
    );
    const [mal, ana] = [await server.dial("/ws", "mal"), await server.dial()];
    // It can be read, in loops, and not be written: that goes by calls within calls.
    const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    mal.sendText(`{"type":"say","id":1,"payload":${deep}}`);
    expect((await mal.next()).payload).toMatchObject({ code: "invalid_payload" });
    mal.sendText(`{"type":"publish","id":2,"payload":{"channel":"chat","type":"said","payload":${deep}}}`);
    expect((await mal.next()).payload).toMatchObject({ code: "invalid_payload" });
    expect(server.backend.asked).toEqual([]);
    expect(await ana.ask("say", {}, 1)).toMatchObject({ payload: 1 });
    expect(await ana.ask("publish", { channel: "chat", type: "said" }, 2)).toMatchObject({
      payload: { code: "forbidden" },
    });
  });

  test("when its rest is over it is asked once, and then again as before", async () => {
    let isBroken = true;
    const answering: Answering = (_question, response) => {
      if (!isBroken) return { reply: "back" };
      response.writeHead(503).end();
      return undefined;
    };
    const config = { jwt, endpoints: { "/ws": { receives: "webhook" } }, limits: { messages: "10000/1s" } } as const;
    await using server = await serve(answering, config, { failures: 1, rest: "50ms" });
    const ana = await server.dial();
    expect((await ana.ask("say", {})).payload).toMatchObject(unavailable);
    isBroken = false;
    let answer = await ana.ask("say", {});
    while (answer.type === "error") answer = await ana.ask("say", {});
    expect(answer.payload).toBe("back");
    expect(await server.log.next("webhook_circuit_closed")).toMatchObject({ level: "info" });
  });

  test("past so many at once they wait their turn; past those that may wait they are `unavailable`", async () => {
    const held: (() => void)[] = [];
    let answersByItself = false;
    const answering: Answering = (_question, response) => {
      if (answersByItself) return { reply: 1 };
      held.push(() => response.end('{"reply":1}'));
      return undefined;
    };
    const config = { jwt, endpoints: { "/ws": { receives: "webhook" } } } as const;
    await using server = await serve(answering, config, { atOnce: 1, waiting: 1, failures: 1 });
    const [first, second, third] = [await server.dial(), await server.dial(), await server.dial()];
    for (const client of [first, second]) {
      client.send({ type: "say", id: 1 });
      expect(await client.takeAll()).toEqual([]); // the server has taken it
    }
    expect((await third.ask("say", {})).payload).toMatchObject(unavailable);
    expect(server.backend.asked).toHaveLength(1);
    // That so many ask is no failure of the backend's.
    expect(server.log.lines.map(({ fields }) => fields.event)).not.toContain("webhook_circuit_opened");
    answersByItself = true;
    held.shift()?.();
    expect(await first.next()).toMatchObject({ payload: 1 });
    expect(await second.next()).toMatchObject({ payload: 1 });
  });

  test("who has gone holds no place: the next is asked", async () => {
    const held: (() => void)[] = [];
    const config = { jwt, endpoints: { "/ws": { receives: "webhook" } } } as const;
    const answering: Answering = ({ body }, response) => {
      if (body.type === "now") return { reply: 1 };
      held.push(() => response.end('{"reply":0}'));
      return undefined;
    };
    await using server = await serve(answering, config, { atOnce: 1, timeout: "1h" });
    const [ana, bob] = [await server.dial(), await server.dial("/ws", "bob")];
    ana.send({ type: "later", id: 1 });
    expect(await ana.takeAll()).toEqual([]); // the server has taken it
    ana.close(1000);
    expect(await bob.ask("now", {})).toMatchObject({ payload: 1 });
    expect(held).toHaveLength(1);
  });

  test("a crowd at the door does not hold up messages", async () => {
    const answering: Answering = ({ hook, body }) => {
      if (hook !== "connect") return { reply: 1 };
      return body.token === "good" ? { user: { id: "ana" } } : undefined;
    };
    const config = { endpoints: { "/ws": { receives: "webhook" } } } as const;
    await using server = await serve(answering, config, {
      hooks: ["connect"],
      atOnce: 1,
      waiting: 1,
      timeout: "500ms",
    });
    const ana = await dial(`${server.url}/ws`, { token: "good" });
    const crowd = ["a", "b", "c"].map((token) => dialRefused(`${server.url}/ws`, { token }));
    expect(await Promise.race(crowd)).toMatchObject({ status: 503 });
    expect(await ana.ask("say", {})).toMatchObject({ payload: 1 });
    for (const refused of await Promise.all(crowd)) expect(refused).toMatchObject({ status: 503 });
  });
});

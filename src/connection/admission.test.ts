import { expect, test, vi } from "vitest";
import { z } from "zod";
import { createGate } from "../../test/support/gate.js";
import { RecordingLink } from "../../test/support/recording-link.js";
import { RecordingTurn } from "../../test/support/recording-turn.js";
import { RecordingUpgrade, type UpgradeOf } from "../../test/support/recording-upgrade.js";
import { Routes } from "../app/routes.js";
import type { BrokerNode } from "../broker/broker.js";
import type { App } from "../declare/app.js";
import type { Authenticated, CredentialWay, TokenCheck } from "../declare/credential.js";
import { credential, type Dependency, type DependencyDefinition, dependency } from "../declare/dependency.js";
import { type AnyEndpoint, endpoint, rawEndpoint } from "../declare/endpoint.js";
import type { Identity } from "../declare/identity.js";
import type { AppLimits } from "../declare/limits.js";
import { Hub } from "../hub/hub.js";
import type { Happening, Observer } from "../observe/observe.js";
import { TidingsError, unauthorized } from "../protocol/tidings-error.js";
import { FakeClock } from "../testing/fake-clock.js";
import { Admission } from "./admission.js";
import { Agenda } from "./agenda.js";
import type { Environment, Override } from "./environment.js";
import { Origins } from "./origins.js";
import { splitTarget } from "./request.js";
import { checkUpgrade } from "./upgrade-check.js";

interface Surroundings {
  readonly shape: AnyEndpoint;
  readonly limits?: AppLimits;
  readonly origins?: readonly string[];
  readonly replaced?: ReadonlyMap<Dependency<unknown>, Override>;
  readonly appValues?: ReadonlyMap<Dependency<unknown>, unknown>;
}

/** All that an admission needs around it, and what was told of it. */
async function surround({ shape, limits, origins, replaced = new Map(), appValues = new Map() }: Surroundings) {
  const byDefinition = <Value>(map: ReadonlyMap<Dependency<unknown>, Value>): Map<DependencyDefinition, Value> =>
    new Map([...map].map(([each, value]) => [each["~definition"], value]));
  const overrides = byDefinition(replaced);
  const routes = new Routes({ endpoints: [shape], limits, overrides });
  const clock = new FakeClock();
  const told: (readonly [unknown, string])[] = [];
  const agenda = new Agenda(clock, (error) => told.push([error, "agenda"]));
  const link = new RecordingLink();
  const { turn, counters } = new RecordingTurn();
  let node: BrokerNode | undefined;
  const hub = await Hub.open(
    async (given) => {
      node = given;
      return link;
    },
    {
      turn,
      counters,
      limits: routes.limits,
      presenceGraceMs: 0,
      after: (ms, run) => agenda.after(ms, run),
      loadState() {},
      onError: (error, during) => told.push([error, during]),
      maxRevocations: 10,
      onForgotten() {},
      onAway() {},
      onBack() {},
    },
  );
  let count = 0;
  // What an admission uses of an observer.
  const observer = {
    counters,
    happened: (what: Happening) => what.event === "error" && told.push([what.error, what.during]),
  } as unknown as Observer;
  const environment: Environment = {
    app: {} as App, // handed on, and not looked at
    hub,
    turn,
    limits: routes.limits,
    compression: false,
    clock,
    agenda,
    createId: () => `c${(count += 1)}`,
    random: () => 0,
    observer,
    origins: new Origins(origins),
    closedConnections: undefined,
    appValues: byDefinition(appValues),
    overrides,
  };
  const dial = (given: UpgradeOf) => {
    const upgrade = new RecordingUpgrade(given);
    const found = routes.find(splitTarget(upgrade.target).path);
    if (found === undefined) throw new Error(`There is no endpoint at ${upgrade.target}.`);
    return new Admission({ upgrade, ...found, offered: checkUpgrade(upgrade), environment });
  };
  return { clock, agenda, told, link, node: node as BrokerNode, dial, environment };
}

/** An admission that was checked, or is refused. */
async function admitTo(shape: AnyEndpoint, target: string, more: Omit<Surroundings, "shape"> & UpgradeOf = {}) {
  const around = await surround({ shape, ...more });
  const admission = around.dial({ ...more, target });
  await admission.check();
  return { ...around, admission };
}

type Verify = (given: TokenCheck) => Promise<Authenticated> | Authenticated;

/** Tokens such as `ana:1`: the user, and which of the user's it is. `bad` is none. */
const readToken: Verify = ({ token }) => {
  if (token === "bad") throw unauthorized();
  return { user: { id: token.split(":", 1)[0] ?? "" }, tokenId: token };
};

function wayAt(place: CredentialWay["place"], verify: Verify = readToken, cookie?: string): CredentialWay {
  return { place, cookie, verifier: { check: () => [], verify: async (given) => verify(given) } };
}

const tokenIn = (...places: CredentialWay["place"][]): Dependency<Identity, "connection"> =>
  credential(places.map((place) => wayAt(place)));

/** Whose every check notes that it was asked, and passes or not as the query says. */
function checkedEndpoint(asked: string[]) {
  const checked = (what: string, ok: (value: unknown) => boolean) =>
    z.record(z.string(), z.string()).refine((value) => {
      asked.push(what);
      return ok(value);
    });
  const auth = credential<Identity>([
    wayAt("query", (given) => {
      asked.push("credential");
      return readToken(given);
    }),
  ]);
  const account = dependency({
    create: ({ request }) => {
      asked.push("needs");
      if (request.query.needs !== "good") throw new TidingsError("sold_out");
      return { plan: "free" };
    },
  });
  return endpoint("/ws/:room", {
    params: checked("path", (params) => (params as { room: string }).room !== "bad"),
    query: checked("query", (query) => (query as { q?: string }).q === "good"),
    auth,
    needs: { account },
    allow: ({ query }) => {
      asked.push("allow");
      return (query as { allow?: string }).allow === "good";
    },
  });
}

test.each([
  ["/ws/bad?token=bad", "https://evil.example", "origin_not_allowed", []],
  ["/ws/bad?token=a&token=b", undefined, "bad_request", []],
  ["/ws/bad", undefined, "bad_request", ["path"]],
  ["/ws/a", undefined, "bad_request", ["path", "query"]],
  ["/ws/a?q=good", undefined, "unauthorized", ["path", "query"]],
  ["/ws/a?q=good&token=bad", undefined, "unauthorized", ["path", "query", "credential"]],
  ["/ws/a?q=good&token=stolen", undefined, "unauthorized", ["path", "query", "credential"]],
  ["/ws/a?q=good&token=many", undefined, "too_many_connections", ["path", "query", "credential", "places"]],
  ["/ws/a?q=good&token=ana", undefined, "sold_out", ["path", "query", "credential", "places", "needs"]],
  [
    "/ws/a?q=good&token=ana&needs=good",
    "https://app.example",
    "forbidden",
    ["path", "query", "credential", "places", "needs", "allow"],
  ],
])("the first check that fails answers, and no later one is asked: %s from %s", async (target, origin, code, asked) => {
  const done: string[] = [];
  const { dial, link, node } = await surround({ shape: checkedEndpoint(done), origins: ["https://app.example"] });
  link.reserve = async (user) => {
    done.push("places");
    return user !== "many";
  };
  node.revoke({ tokenId: "stolen", revokedAtMs: 0, untilMs: undefined });
  await expect(dial({ target, headers: { origin } }).check()).rejects.toMatchObject({ name: "TidingsError", code });
  expect(done).toEqual(asked);
});

test("who passes is admitted with what the checks gave", async () => {
  const shape = endpoint("/ws/:room", {
    params: z.object({ room: z.string().toUpperCase() }),
    query: z.object({ page: z.coerce.number(), size: z.string().default("10") }),
  });
  const { admission, agenda, environment } = await admitTo(shape, "/ws/lobby?page=3");
  expect(admission.context).toEqual({
    app: environment.app,
    params: { room: "LOBBY" },
    query: { page: 3, size: "10" },
    user: undefined,
  });
  expect(admission).toMatchObject({ id: "c1", address: "127.0.0.1", user: undefined, papers: [], awaitsToken: false });
  expect(admission.expiresAtMs).toBeUndefined();
  const checked = await admitTo(checkedEndpoint([]), "/ws/a?q=good&token=ana&needs=good&allow=good");
  expect(checked.admission.context).toMatchObject({ user: { id: "ana" }, account: { plan: "free" } });
  expect(checked.admission.papers).toMatchObject([{ user: { id: "ana" }, tokenId: "ana", way: { place: "query" } }]);
  // Nothing waits for a time-out any more.
  await new Promise((resolve) => setImmediate(resolve));
  expect([agenda.size, checked.agenda.size]).toEqual([0, 0]);
});

test("what does not fit is told without the token", async () => {
  const shape = endpoint("/ws", { query: z.strictObject({ page: z.coerce.number() }) });
  const failed = admitTo(shape, "/ws?page=x&token=secret");
  await expect(failed).rejects.toMatchObject({ code: "bad_request", issues: [{ path: ["page"] }] });
  await expect(failed).rejects.not.toThrow("secret");
});

test("`allow` sees who asks to enter, may take its time, and only `true` lets in", async () => {
  const allow = vi.fn(
    async ({ user, params, request }) => user === undefined && params.room === "a" && request.url.pathname === "/ws/a",
  );
  await admitTo(endpoint("/ws/:room", { allow }), "/ws/a");
  expect(allow).toHaveBeenCalledOnce();
  for (const answer of [1, "true", {}, undefined]) {
    const shape = endpoint("/ws", { allow: () => answer as boolean });
    await expect(admitTo(shape, "/ws")).rejects.toMatchObject({ code: "forbidden" });
  }
});

test("what a dependency or `allow` throws is the refusal", async () => {
  const throwing = (error: unknown) => () => {
    throw error;
  };
  for (const error of [new TidingsError("sold_out"), new Error("broken")]) {
    const account = dependency({ create: throwing(error) as () => string });
    await expect(admitTo(endpoint("/ws", { needs: { account } }), "/ws")).rejects.toBe(error);
    await expect(admitTo(endpoint("/ws", { allow: throwing(error) }), "/ws")).rejects.toBe(error);
  }
});

test("a credential's own refusal is told to who is refused; whatever else it throws is our affair: unavailable", async () => {
  const verifying = (error: unknown) => {
    const verify = () => Promise.reject(error);
    return endpoint("/ws", { auth: credential<Identity>([wayAt("query", verify)]) });
  };
  for (const code of ["unauthorized", "token_expired", "forbidden", "bad_request"]) {
    const { dial, told } = await surround({ shape: verifying(new TidingsError(code)) });
    await expect(dial({ target: "/ws?token=ana" }).check()).rejects.toMatchObject({ code });
    expect(told).toEqual([]);
  }
  const away = new Error("the store is away");
  for (const error of [away, new TidingsError("unavailable", undefined, { cause: away })]) {
    const { dial, told, environment } = await surround({ shape: verifying(error) });
    await expect(dial({ target: "/ws?token=ana" }).check()).rejects.toMatchObject({ code: "unavailable" });
    expect(told).toEqual([[away, "credential"]]);
    expect(environment.observer.counters.handlerErrors).toBe(1);
  }
});

test.each([undefined, null, "ana", { name: "ana" }, { id: 7 }, { id: "" }])(
  "what `auth` gives must have an id, and %j has none",
  async (value) => {
    const auth = dependency({ create: () => value as unknown as Identity });
    await expect(admitTo(endpoint("/ws", { auth }), "/ws")).rejects.toThrow(TypeError);
  },
);

const everywhere = {
  target: "/ws?token=query",
  headers: {
    authorization: "Bearer header",
    cookie: "session_id=cookie",
    "sec-websocket-protocol": `bearer.${Buffer.from("subprotocol").toString("base64url")}`,
  },
};

test.each<[readonly CredentialWay["place"][], UpgradeOf, string | undefined]>([
  [["header", "subprotocol", "query", "cookie"], everywhere, "header"],
  [["subprotocol", "header", "query", "cookie"], everywhere, "subprotocol"],
  [["query", "cookie", "header"], everywhere, "query"],
  [["cookie", "header"], everywhere, "cookie"],
  [["message", "query"], everywhere, "query"],
  [["header", "query"], { target: everywhere.target }, "query"],
  [["header"], { target: everywhere.target }, undefined],
  [["subprotocol", "cookie"], { headers: { authorization: "Bearer header" } }, undefined],
  [["header", "query"], { target: "/ws?token=ana", headers: { authorization: "Bearer bad" } }, undefined],
  [["header", "query"], { target: "/ws?token=ana", headers: { authorization: "Basic YTpi" } }, "ana"],
])("of the places %j the first that holds a token decides", async (places, given, user) => {
  const shape = endpoint("/ws", { auth: credential(places.map((place) => wayAt(place, readToken, "session_id"))) });
  const { dial } = await surround({ shape });
  const admission = dial({ target: "/ws", ...given });
  if (user === undefined) await expect(admission.check()).rejects.toMatchObject({ code: "unauthorized" });
  else await admission.check();
  expect(admission.user?.id).toBe(user);
});

test("of two credentials each looks for its own, and the first to expire counts", async () => {
  const timed = (place: CredentialWay["place"], expiresAtMs?: number) =>
    credential<Identity>([wayAt(place, ({ token }) => ({ user: { id: token }, expiresAtMs }))]);
  const key = timed("header", 7_000);
  const shape = endpoint("/ws", { auth: timed("query", 9_000), needs: { key, guest: timed("subprotocol") } });
  const offer = `bearer.${Buffer.from("guest").toString("base64url")}`;
  const headers = { authorization: "Bearer key", "sec-websocket-protocol": offer };
  const { admission } = await admitTo(shape, "/ws?token=ana", { headers });
  expect(admission.context).toMatchObject({ user: { id: "ana" }, key: { id: "key" }, guest: { id: "guest" } });
  expect(admission.papers).toHaveLength(3);
  expect(admission.expiresAtMs).toBe(7_000);
  await expect(admitTo(shape, "/ws?token=ana")).rejects.toMatchObject({ code: "unauthorized" });
});

test("one of two credentials that was revoked is enough, also when it is revoked while the rest is made", async () => {
  const { opened, open } = createGate();
  const begun = createGate();
  const slow = dependency({
    create: () => {
      begun.open();
      return opened;
    },
  });
  const shape = endpoint("/ws", { auth: tokenIn("query"), needs: { key: tokenIn("header"), slow } });
  const { dial, node, link } = await surround({ shape });
  const entering = dial({ target: "/ws?token=ana", headers: { authorization: "Bearer key:1" } }).check();
  await begun.opened;
  node.revoke({ tokenId: "key:1", revokedAtMs: 0, untilMs: undefined });
  open();
  await expect(entering).rejects.toMatchObject({ code: "unauthorized" });
  expect(link.asked).toEqual(["reserve ana c1 50", "depart ana c1"]);
});

test("the Origin is checked where a cookie may be the credential, and everywhere once there are `origins`", async () => {
  const headers = { origin: "https://evil.example", cookie: "session_id=ana", authorization: "Bearer ana" };
  const byCookie = endpoint("/ws", { auth: credential([wayAt("header"), wayAt("cookie", readToken, "session_id")]) });
  const byHeader = endpoint("/ws", { auth: tokenIn("header") });
  const refused = { code: "origin_not_allowed" };
  await expect(admitTo(byCookie, "/ws", { headers })).rejects.toMatchObject(refused);
  await expect(admitTo(byHeader, "/ws", { headers, origins: ["https://app.example"] })).rejects.toMatchObject(refused);
  expect((await admitTo(byHeader, "/ws", { headers })).admission.user?.id).toBe("ana");
  const own = { ...headers, origin: "http://localhost" };
  expect((await admitTo(byCookie, "/ws", { headers: own })).admission.user?.id).toBe("ana");
  // Nor can a dependency act for the page by the cookie.
  const nosy = dependency({ create: ({ request }) => request.cookies.session_id });
  await expect(admitTo(endpoint("/ws", { needs: { nosy } }), "/ws", { headers })).rejects.toMatchObject(refused);
});

test("dependencies are made in order and once, given what they need, and disposed of in reverse when it ends", async () => {
  const log: string[] = [];
  const made = (name: string) => ({ [Symbol.asyncDispose]: async () => void log.push(`dispose ${name}`), name });
  const pool = dependency({ scope: "app", create: () => "pool" });
  const user = tokenIn("query");
  const account = dependency({
    needs: { user, pool },
    create: ({ user: { id }, pool: from, app, request, signal }) => {
      log.push(`account of ${id} from ${from} at ${request.url.pathname}: ${typeof app} ${signal.aborted}`);
      return made("account");
    },
  });
  const cart = dependency({ needs: { account }, create: (given) => made(`cart of the ${given.account.name}`) });
  const shape = endpoint("/ws", { auth: user, needs: { cart, account, pool } });
  const { admission, link } = await admitTo(shape, "/ws?token=ana", { appValues: new Map([[pool, "the pool"]]) });
  expect(log.splice(0)).toEqual(["account of ana from the pool at /ws: object false"]);
  expect(admission.context).toMatchObject({ pool: "the pool", cart: { name: "cart of the account" } });
  await admission.end();
  expect(log).toEqual(["dispose cart of the account", "dispose account"]);
  await admission.end();
  expect(log).toHaveLength(2);
  expect(link.asked).toEqual(["reserve ana c1 50", "depart ana c1"]);
});

test("who is refused leaves nothing behind: what was made is disposed of before it hears so, and the place is free", async () => {
  const log: string[] = [];
  const account = dependency({ create: () => "account", dispose: (value) => log.push(value) });
  const shape = endpoint("/ws", { auth: tokenIn("query"), needs: { account }, allow: () => false });
  const { dial, link } = await surround({ shape });
  const admission = dial({ target: "/ws?token=ana" });
  await expect(admission.check()).rejects.toMatchObject({ code: "forbidden" });
  expect(log).toEqual(["account"]);
  expect(link.asked).toEqual(["reserve ana c1 50", "depart ana c1"]);
  expect(admission.signal.aborted).toBe(true);
});

test("a check that hangs is given up after `limits.needs`: unavailable, and whose fault it is is told", async () => {
  const never = () => new Promise<never>(() => {});
  const shapes: [AnyEndpoint, string][] = [
    [endpoint("/ws", { auth: credential<Identity>([wayAt("query", never)]) }), "auth"],
    [endpoint("/ws", { needs: { account: dependency({ create: never }) } }), "account"],
    [endpoint("/ws", { allow: never }), "a check"],
  ];
  for (const [shape, what] of shapes) {
    const { dial, told, clock } = await surround({ shape, limits: { needs: "3s" } });
    const settled = vi.fn();
    const checked = Promise.resolve(dial({ target: "/ws?token=ana" }).check());
    checked.then(settled, settled);
    await clock.advance("2999ms");
    expect(settled).not.toHaveBeenCalled();
    await clock.advance("1ms");
    expect(settled).toHaveBeenCalledWith(expect.objectContaining({ code: "unavailable" }));
    expect(told).toEqual([[new Error(`\`${what}\` took longer than limits.needs.`), "admission"]]);
  }
});

test("what comes when nobody waits any more is disposed of at once, and nothing is made after it", async () => {
  const log: string[] = [];
  const { opened, open } = createGate();
  const account = dependency({
    create: async ({ signal }) => {
      signal.addEventListener("abort", () => log.push("aborted"));
      await opened;
      return "late";
    },
    dispose: (value) => log.push(`dispose ${value}`),
  });
  const next = dependency({ needs: { account }, create: () => log.push("next") });
  const shape = endpoint("/ws", { auth: tokenIn("query"), needs: { next } });
  const { dial, clock, link, told } = await surround({ shape });
  const admission = dial({ target: "/ws?token=ana" });
  const checked = Promise.resolve(admission.check());
  checked.catch(() => {});
  await clock.advance("10s");
  await expect(checked).rejects.toMatchObject({ code: "unavailable" });
  // As whoever refuses it does.
  await admission.end();
  expect(log).toEqual(["aborted"]);
  open();
  await clock.advance("1ms");
  expect(log).toEqual(["aborted", "dispose late"]);
  expect(link.asked).toEqual(["reserve ana c1 50", "depart ana c1"]);
  expect(told).toHaveLength(1);
});

test("a path or query that is still looked at when it is given up leads no further", async () => {
  const { opened, open } = createGate();
  const query = z.record(z.string(), z.string()).refine(() => opened.then(() => true));
  const create = vi.fn(() => 1);
  const shape = endpoint("/ws", { query, needs: { account: dependency({ create }) } });
  const { dial, clock } = await surround({ shape });
  const admission = dial({ target: "/ws" });
  const checked = admission.check();
  await admission.end();
  open();
  await expect(checked).rejects.toMatchObject({ name: "AbortError" });
  await clock.advance("1ms");
  expect(create).not.toHaveBeenCalled();
});

test("its signal is aborted when it ends, also where nobody looked at it before", async () => {
  const { admission } = await admitTo(endpoint("/ws", {}), "/ws");
  const { signal } = admission;
  expect([signal.aborted, admission.signal === signal]).toEqual([false, true]);
  admission.abort();
  expect(signal.aborted).toBe(true);
  const { admission: other } = await admitTo(endpoint("/ws", {}), "/ws");
  await other.end();
  expect(other.signal.aborted).toBe(true);
});

test("a verifier is given the token, the request without it, the time, and a signal", async () => {
  const verify = vi.fn(readToken);
  const shape = endpoint("/ws", { auth: credential<Identity>([wayAt("query", verify)]) });
  const { clock } = await admitTo(shape, "/ws?token=ana&a=1");
  const [given] = verify.mock.calls[0] ?? [];
  expect(given).toMatchObject({ token: "ana", nowMs: clock.now(), request: { query: { a: "1" } } });
  expect(given?.signal.aborted).toBe(false);
});

test("an override takes the place of a credential: it is given the token, and a token is needed still", async () => {
  const shape = checkedEndpoint([]);
  const fake = vi.fn(async ({ token }: { token: string }): Promise<Identity> => ({ id: `fake ${token}` }));
  const [auth] = authOf(shape);
  const replaced = new Map([[auth, fake]]);
  const { admission } = await admitTo(shape, "/ws/a?q=good&needs=good&allow=good&token=bob", { replaced });
  expect(admission.user).toEqual({ id: "fake bob" });
  expect(fake).toHaveBeenCalledWith({ token: "bob", request: expect.objectContaining({ params: { room: "a" } }) });
  const without = admitTo(shape, "/ws/a?q=good", { replaced });
  await expect(without).rejects.toMatchObject({ code: "unauthorized" });
});

test("an override of what makes the user needs a token too, and of anything else none", async () => {
  const user = tokenIn("query");
  const account = dependency({ needs: { user }, create: () => ({ id: "real" }) });
  const shape = endpoint("/ws", { auth: account, needs: { other: dependency({ create: () => "real" }) } });
  const replaced = new Map<Dependency<unknown>, Override>([[account, ({ token }) => ({ id: `fake ${token}` })]]);
  const { admission } = await admitTo(shape, "/ws?token=bob", { replaced });
  expect(admission.context).toMatchObject({ user: { id: "fake bob" }, other: "real" });
  await expect(admitTo(shape, "/ws", { replaced })).rejects.toMatchObject({ code: "unauthorized" });
  const pool = dependency({ create: () => "real" });
  const byNone = new Map<Dependency<unknown>, Override>([[pool, ({ token }) => `fake ${token}`]]);
  const other = await admitTo(endpoint("/ws", { needs: { pool } }), "/ws", { replaced: byNone });
  expect(other.admission.context).toMatchObject({ pool: "fake " });
});

test("where a token may come by message and none is there, it is admitted by that one", async () => {
  const allow = vi.fn(() => true);
  const shape = endpoint("/ws", { auth: tokenIn("header", "message"), allow });
  const { admission, link } = await admitTo(shape, "/ws");
  expect(admission).toMatchObject({ awaitsToken: true, user: undefined, tokenDeadlineMs: 10_000 });
  expect([allow.mock.calls.length, link.asked]).toEqual([0, []]);
  await admission.present("ana:1");
  expect(admission).toMatchObject({ awaitsToken: false, user: { id: "ana" } });
  expect(admission.papers).toMatchObject([{ tokenId: "ana:1", way: { place: "message" } }]);
  expect([allow.mock.calls.length, link.asked]).toEqual([1, ["reserve ana c1 50"]]);
  const atOnce = await admitTo(shape, "/ws", { headers: { authorization: "Bearer bob" } });
  expect(atOnce.admission).toMatchObject({ awaitsToken: false, user: { id: "bob" } });
});

test("a bad token by message is refused as any, and one by query does not count where only a message may", async () => {
  const shape = endpoint("/ws", { auth: tokenIn("message") });
  const { admission } = await admitTo(shape, "/ws?token=ana");
  expect(admission.awaitsToken).toBe(true);
  await expect(admission.present("bad")).rejects.toMatchObject({ code: "unauthorized" });
});

test("the deadline of a token by message is the way's own, or `limits.auth`", async () => {
  const own = credential<Identity>([wayAt("header"), { ...wayAt("message"), deadlineMs: 2_000 }]);
  expect((await admitTo(endpoint("/ws", { auth: own }), "/ws")).admission.tokenDeadlineMs).toBe(2_000);
  const { admission } = await admitTo(endpoint("/ws", { auth: tokenIn("message") }), "/ws", { limits: { auth: "4s" } });
  expect(admission.tokenDeadlineMs).toBe(4_000);
});

test("a raw endpoint awaits no token", async () => {
  const shape = rawEndpoint("/ws", { auth: tokenIn("header", "message") });
  await expect(admitTo(shape, "/ws")).rejects.toMatchObject({ code: "unauthorized" });
});

/** An endpoint with a value of the user's and one of the connection's, and what became of them. */
function createShop() {
  const log: string[] = [];
  let count = 0;
  const user = credential<Identity>([
    wayAt("query", ({ token }) => {
      if (token === "bad") throw unauthorized();
      const [id = "", nth = "0"] = token.split(":");
      return { user: { id }, tokenId: token, expiresAtMs: Number(nth) * 1_000 };
    }),
  ]);
  const gate: { opened: Promise<unknown> } = { opened: Promise.resolve() };
  const make = (name: string) => () => {
    count += 1;
    log.push(`make ${name} ${count}`);
    return { name, count };
  };
  const dispose = (value: { name: string; count: number }) => log.push(`dispose ${value.name} ${value.count}`);
  const device = dependency({ create: make("device"), dispose });
  const account = dependency({ needs: { user, device }, create: () => gate.opened.then(make("account")), dispose });
  const allowed = { is: true };
  const shape = endpoint("/ws", { auth: user, needs: { account, device }, allow: () => allowed.is });
  return { shape, log, gate, allowed };
}

test("a refresh makes anew what depends on the user, and nothing else; the old is whoever's who asked", async () => {
  const { shape, log } = createShop();
  const { admission } = await admitTo(shape, "/ws?token=ana:1");
  const old = admission.context;
  expect(admission.expiresAtMs).toBe(1_000);
  const retired = await admission.refresh("ana:2");
  expect(log).toEqual(["make device 1", "make account 2", "make account 3"]);
  expect(admission.context).toMatchObject({ account: { count: 3 }, device: { count: 1 } });
  expect(old).toMatchObject({ account: { count: 2 } });
  expect(admission.expiresAtMs).toBe(2_000);
  expect(admission.papers.map(({ tokenId }) => tokenId)).toEqual(["ana:2"]);
  await retired.dispose();
  expect(log.slice(3)).toEqual(["dispose account 2"]);
  await admission.end();
  expect(log.slice(4)).toEqual(["dispose account 3", "dispose device 1"]);
});

test.each([
  ["of another user", "bob:2", "forbidden"],
  ["that is bad", "bad", "unauthorized"],
  ["that was revoked", "ana:9", "unauthorized"],
  ["that `allow` refuses", "ana:2", "forbidden"],
])("a refresh %s is refused, and all stays as it was", async (_, token, code) => {
  const { shape, log, allowed } = createShop();
  const { admission, node, link } = await admitTo(shape, "/ws?token=ana:1");
  node.revoke({ tokenId: "ana:9", revokedAtMs: 0, untilMs: undefined });
  allowed.is = token !== "ana:2";
  await expect(admission.refresh(token)).rejects.toMatchObject({ code });
  expect(admission.context).toMatchObject({ user: { id: "ana" }, account: { count: 2 } });
  expect(admission.papers.map(({ tokenId }) => tokenId)).toEqual(["ana:1"]);
  expect(log.filter((what) => what.startsWith("dispose"))).toEqual(token === "bad" ? [] : ["dispose account 3"]);
  expect(admission.signal.aborted).toBe(false);
  expect(link.asked).toEqual(["reserve ana c1 50"]);
  allowed.is = true;
  await admission.refresh("ana:3");
  expect(admission.expiresAtMs).toBe(3_000);
});

test("a refresh that takes too long is given up: what it makes later changes nothing, and is disposed of", async () => {
  const { shape, log, gate } = createShop();
  const { admission, clock, told } = await admitTo(shape, "/ws?token=ana:1");
  const { opened, open } = createGate();
  gate.opened = opened;
  const refreshed = admission.refresh("ana:2");
  refreshed.catch(() => {});
  await clock.advance("10s");
  await expect(refreshed).rejects.toMatchObject({ code: "unavailable" });
  expect(told).toEqual([[new Error("`account` took longer than limits.needs."), "admission"]]);
  open();
  await clock.advance("1ms");
  expect(admission.papers.map(({ tokenId }) => tokenId)).toEqual(["ana:1"]);
  expect(admission.context).toMatchObject({ account: { count: 2 } });
  expect(log.slice(2)).toEqual(["make account 3", "dispose account 3"]);
});

test("a refresh under which it ends is given up, and leaves nothing behind", async () => {
  const { shape, log, gate } = createShop();
  const { admission, clock } = await admitTo(shape, "/ws?token=ana:1");
  const { opened, open } = createGate();
  gate.opened = opened;
  const refreshed = admission.refresh("ana:2");
  refreshed.catch(() => {});
  await clock.advance("1ms");
  await admission.end();
  open();
  await expect(refreshed).rejects.toMatchObject({ name: "AbortError" });
  expect(log.slice(2)).toEqual(["dispose account 2", "dispose device 1", "make account 3", "dispose account 3"]);
});

test("a refresh is looked at as the first token was; after a cookie, by the first place that is none", async () => {
  const by = (name: string): Verify => {
    return ({ token }) => ({ user: { id: token }, tokenId: `by ${name}` });
  };
  const auth = credential<Identity>([
    wayAt("cookie", by("cookie"), "session_id"),
    wayAt("header", by("header")),
    wayAt("message", by("message")),
  ]);
  const refreshedBy = async (headers: Record<string, string>) => {
    const { admission } = await admitTo(endpoint("/ws", { auth }), "/ws", { headers });
    if (admission.awaitsToken) await admission.present("ana");
    await admission.refresh("ana");
    return admission.papers.map(({ tokenId }) => tokenId);
  };
  expect(await refreshedBy({ cookie: "session_id=ana" })).toEqual(["by header"]);
  expect(await refreshedBy({ authorization: "Bearer ana" })).toEqual(["by header"]);
  expect(await refreshedBy({})).toEqual(["by message"]);
});

test("who is gone when the credential is found good gets nothing made", async () => {
  const { opened, open } = createGate();
  const slow = wayAt("query", async ({ token }) => {
    await opened;
    return { user: { id: token } };
  });
  const made = vi.fn(() => ({ id: "made" }));
  const auth = dependency({ needs: { who: credential<Identity>([slow]) }, create: made });
  const { dial } = await surround({ shape: endpoint("/ws", { auth }) });
  const admission = dial({ target: "/ws?token=ana" });
  const checked = Promise.resolve(admission.check());
  checked.catch(() => {});
  await admission.end();
  open();
  await expect(checked).rejects.toMatchObject({ name: "AbortError" });
  expect(made).not.toHaveBeenCalled();
});

test("without a credential there is nothing to refresh, and a cookie alone can't be", async () => {
  const nobody = await admitTo(endpoint("/ws", {}), "/ws");
  await expect(nobody.admission.refresh("ana")).rejects.toMatchObject({ code: "unknown_type" });
  const auth = credential([wayAt("cookie", readToken, "session_id")]);
  const { admission } = await admitTo(endpoint("/ws", { auth }), "/ws", { headers: { cookie: "session_id=ana" } });
  await expect(admission.refresh("ana")).rejects.toMatchObject({ code: "forbidden" });
  expect(admission.user?.id).toBe("ana");
});

test("a refresh keeps the papers of the credentials that it does not renew", async () => {
  const key = credential<Identity>([wayAt("header", () => ({ user: { id: "key" }, tokenId: "key", expiresAtMs: 5 }))]);
  const shape = endpoint("/ws", { auth: tokenIn("query"), needs: { key } });
  const { admission } = await admitTo(shape, "/ws?token=ana:1", { headers: { authorization: "Bearer key" } });
  await admission.refresh("ana:2");
  expect(admission.papers.map(({ tokenId }) => tokenId).sort()).toEqual(["ana:2", "key"]);
  expect(admission.context).toMatchObject({ key: { id: "key" } });
  expect(admission.expiresAtMs).toBe(5);
});

/** What an endpoint declares as its `auth`. */
function authOf({ "~definition": { auth } }: AnyEndpoint): [Dependency<unknown>] {
  if (auth === undefined) throw new Error("It has none.");
  return [{ "~is": "dependency", scope: auth.scope, "~definition": auth }];
}

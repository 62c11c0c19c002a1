import { expect, test } from "vitest";
import { ConfigError } from "../base/config-error.js";
import type { CredentialWay } from "../declare/credential.js";
import {
  credential,
  type Dependencies,
  type Dependency,
  type DependencyDefinition,
  dependency,
} from "../declare/dependency.js";
import type { Identity } from "../declare/identity.js";
import { type DependencyPlan, planDependencies, type Step } from "./dependency-plan.js";

const way = (place: CredentialWay["place"]): CredentialWay => ({
  place,
  verifier: { check: () => [], verify: () => Promise.reject(new Error("not asked")) },
});
const needing = (needs: Dependencies = {}, scope: "app" | "connection" = "connection") =>
  // What the types would refuse is what some of these tests are about.
  dependency({ needs: needs as Record<never, never>, scope, create: () => 1 }) as Dependency<unknown>;

interface Planned {
  readonly auth?: Dependency<unknown>;
  readonly needs?: Dependencies;
  readonly replaced?: readonly Dependency<unknown>[];
}

function plan({ auth, needs = {}, replaced = [] }: Planned): DependencyPlan {
  const isReplaced = (definition: DependencyDefinition) => replaced.some((each) => each["~definition"] === definition);
  return planDependencies("/ws/admin", { auth: auth?.["~definition"], needs }, isReplaced);
}

/** The error a plan is refused with. */
function refusalOf(planned: Planned): ConfigError {
  try {
    plan(planned);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("It was planned.");
}

const namesOf = (steps: readonly Step[]) => steps.map(({ name }) => name);

test("without auth and needs there is nothing to make", () => {
  expect(plan({})).toEqual({
    auth: undefined,
    steps: [],
    credentials: [],
    places: new Set(),
    authSteps: [],
    otherSteps: [],
    exposed: new Map(),
    ofChannels: new Map(),
    ways: [],
    refreshable: new Set(),
  });
});

test("each comes after all it needs, is made once, and what auth needs comes first", () => {
  const user = credential<Identity>([way("header"), way("message")]);
  const pool = needing();
  const account = needing({ who: user, pool });
  const log = needing();
  const audit = needing({ log, account });
  const planned = plan({ auth: account, needs: { audit, log, pool, same: audit } });
  expect(namesOf(planned.authSteps)).toEqual(["who", "pool", "auth"]);
  expect(namesOf(planned.otherSteps)).toEqual(["log", "audit"]);
  expect(planned.auth).toBe(planned.authSteps[2]);
  expect([...planned.exposed.keys()]).toEqual(["audit", "log", "pool", "same"]);
  expect(planned.exposed.get("same")).toBe(planned.exposed.get("audit"));
  expect(planned.exposed.get("pool")).toBe(planned.authSteps[1]);
  const audited = planned.exposed.get("audit");
  expect([...(audited?.needs ?? [])]).toEqual([
    ["log", planned.otherSteps[0]],
    ["account", planned.auth],
  ]);
  expect(planned.ways.map(({ place }) => place)).toEqual(["header", "message"]);
});

test("the ways are those of all credentials, auth's first", () => {
  const [first, second] = [credential([way("cookie")]), credential([way("query"), way("header")])];
  const { ways } = plan({ auth: first, needs: { second } });
  expect(ways.map(({ place }) => place)).toEqual(["cookie", "query", "header"]);
});

test("what is made from a credential, however far, is of the user, and nothing else", () => {
  const user = credential<Identity>([way("header")]);
  const pool = needing();
  const account = needing({ pool, user });
  const cart = needing({ account });
  const steps = plan({ auth: user, needs: { pool, account, cart, stranger: needing({ pool }) } });
  const isOfUser = [...steps.authSteps, ...steps.otherSteps].map((step) => [step.name, step.isOfUser]);
  expect(Object.fromEntries(isOfUser)).toEqual({ auth: true, pool: false, account: true, cart: true, stranger: false });
});

test("a graph in which one is reached by very many ways is gone through once", () => {
  let top = needing();
  for (let depth = 0; depth < 40; depth += 1) top = needing({ left: top, right: top });
  expect(plan({ needs: { top } }).otherSteps).toHaveLength(41);
});

test("a dependency that needs itself is named with the whole way there", () => {
  const needs: Record<string, Dependency<unknown>> = {};
  const self = needing(needs);
  needs.again = self;
  expect(refusalOf({ needs: { self } })).toMatchObject({
    code: "dependency_cycle",
    message: expect.stringContaining("/ws/admin → self → again: the last needs itself."),
  });
});

test("a longer cycle, made by needs that are read late, is named too, and what leads to it", () => {
  const second: Dependency<unknown> = needing({
    get third(): Dependency<unknown> {
      return third;
    },
  });
  const third = needing({ second });
  const entry = needing({ fine: needing(), second });
  const error = refusalOf({ needs: { entry } });
  expect(error.code).toBe("dependency_cycle");
  expect(error.message).toContain("/ws/admin → entry → second → third → second: the last needs itself.");
  expect(error.fix).toBe("Take one of these needs out.");
  expect(refusalOf({ auth: third }).message).toContain("/ws/admin → auth → second → third");
});

test.each([
  ["undefined", undefined],
  ["null", null],
  ["a plain value", { id: "ana" }],
  ["a function", () => 1],
])("a need that is %s is named with the way there", (_, missing) => {
  const account = needing({ pool: missing as unknown as Dependency<unknown> });
  expect(refusalOf({ needs: { account } })).toMatchObject({
    code: "missing_dependency",
    message: expect.stringContaining("/ws/admin → account → pool: the last is no dependency."),
  });
  expect(refusalOf({ needs: { pool: missing as unknown as Dependency<unknown> } }).message).toContain(
    "/ws/admin → pool: ",
  );
});

test("something of the app can need something of the app, and nothing of a connection", () => {
  const config = needing({}, "app");
  const pool = needing({ config }, "app");
  const planned = plan({ needs: { account: needing({ pool }) } });
  expect(planned.otherSteps.map(({ name, definition }) => [name, definition.scope])).toEqual([
    ["config", "app"],
    ["pool", "app"],
    ["account", "connection"],
  ]);
  for (const wrong of [needing(), credential([way("header")])]) {
    const broken = needing({ config, wrong }, "app");
    expect(refusalOf({ needs: { account: needing({ broken }) } })).toMatchObject({
      code: "wrong_scope",
      message: expect.stringContaining("/ws/admin → account → broken → wrong"),
    });
  }
});

test("that something of the app needs something of a connection is seen wherever it is met first", () => {
  const account = needing();
  const broken = needing({ account }, "app");
  expect(refusalOf({ needs: { account, broken } }).code).toBe("wrong_scope");
});

test.each(["app", "connection", "params", "query", "user", "request"])(
  "no need of an endpoint is called %s, which handlers see already",
  (name) => {
    expect(refusalOf({ needs: { [name]: needing() } })).toMatchObject({
      code: "reserved_name",
      message: expect.stringContaining(`/ws/admin → ${name}: `),
    });
  },
);

test.each([
  ["connection", ["app", "request", "signal"], ["connection", "params", "query", "user"]],
  ["app", ["app"], ["connection", "params", "query", "user", "request", "signal"]],
] as const)("a dependency of scope %s: what it is given itself is no name for what it needs", (scope, taken, free) => {
  for (const name of taken) {
    const account = needing({ [name]: needing({}, "app") }, scope);
    expect(refusalOf({ needs: { account } })).toMatchObject({
      code: "reserved_name",
      message: expect.stringContaining(`/ws/admin → account → ${name}: `),
    });
  }
  const needs = Object.fromEntries(free.map((name) => [name, needing({}, "app")]));
  expect(plan({ needs: { account: needing(needs, scope) } }).otherSteps).toHaveLength(free.length + 1);
});

test("what a test puts in the place of a dependency needs nothing, be what it needed wrong", () => {
  const pool = needing();
  const account = needing({ pool, missing: undefined as unknown as Dependency<unknown> });
  const planned = plan({ needs: { account }, replaced: [account] });
  expect(namesOf(planned.otherSteps)).toEqual(["account"]);
  expect(planned.exposed.get("account")?.needs.size).toBe(0);
  const shared = plan({ needs: { account, pool }, replaced: [account] });
  expect(namesOf(shared.otherSteps)).toEqual(["account", "pool"]);
});

test("a credential that a test replaces is looked for in the same places", () => {
  const user = credential([way("cookie"), way("message")]);
  const planned = plan({ auth: user, replaced: [user] });
  expect(planned.ways.map(({ place }) => place)).toEqual(["cookie", "message"]);
  expect(planned.auth?.isOfUser).toBe(true);
});

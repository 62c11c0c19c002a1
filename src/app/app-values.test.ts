import { expect, test } from "vitest";
import { createGate } from "../../test/support/gate.js";
import { planDependencies } from "../connection/dependency-plan.js";
import type { App } from "../declare/app.js";
import { type Dependencies, type Dependency, type DependencyDefinition, dependency } from "../declare/dependency.js";
import { endpoint } from "../declare/endpoint.js";
import { startTestApp } from "../testing/test-app.js";
import { createApp } from "./app.js";
import { AppValues } from "./app-values.js";

/** Of the app, with a name that says when it is made and disposed of. */
function named<Needs extends Dependencies = Record<never, never>>(name: string, steps: string[], needs?: Needs) {
  return dependency({
    scope: "app",
    needs: needs as never, // only its order matters here
    create: () => {
      steps.push(`make ${name}`);
      return name;
    },
    dispose: (value) => steps.push(`dispose ${value}`),
  });
}

const app = {} as App; // handed on, and not looked at

function startValues(overrides: ReadonlyMap<DependencyDefinition, (given: never) => unknown> = new Map()) {
  const errors: [string, unknown][] = [];
  const values = new AppValues({ app, overrides, onError: (error, during) => errors.push([during, error]) });
  const makeAll = (needs: Dependencies) =>
    values.makeAll(planDependencies("/ws", { auth: undefined, needs }).otherSteps);
  const get = (one: Dependency<unknown>) => values.get(one["~definition"]);
  return { values, errors, makeAll, get };
}

test("each is made once, after what it needs, and disposed of in the reverse order", async () => {
  const steps: string[] = [];
  const config = named("config", steps);
  const pool = named("pool", steps, { config });
  const cache = named("cache", steps, { config, pool });
  const { values, makeAll, get } = startValues();
  await makeAll({ cache });
  await makeAll({ pool, cache, config });
  expect(steps).toEqual(["make config", "make pool", "make cache"]);
  expect([config, pool, cache].map(get)).toEqual(["config", "pool", "cache"]);
  await values.dispose();
  expect(steps.slice(3)).toEqual(["dispose cache", "dispose pool", "dispose config"]);
  await values.dispose();
  expect(steps).toHaveLength(6);
});

test("it is given what it needs by name, and the app", async () => {
  const config = dependency({ scope: "app", create: () => ({ url: "db://" }) });
  const seen: unknown[] = [];
  const pool = dependency({
    scope: "app",
    needs: { config },
    create(given) {
      seen.push(given);
      return `pool of ${given.config.url}`;
    },
  });
  const { values } = startValues();
  expect(await values.fetch(pool)).toBe("pool of db://");
  expect(seen).toEqual([{ config: { url: "db://" }, app }]);
});

test("what is of a connection is not made", async () => {
  const steps: string[] = [];
  const pool = named("pool", steps);
  const session = dependency({ needs: { pool }, create: () => steps.push("make session") });
  await startValues().makeAll({ session });
  expect(steps).toEqual(["make pool"]);
});

test("those who ask at the same time share one", async () => {
  const gate = createGate();
  let made = 0;
  const config = dependency({
    scope: "app",
    async create() {
      await gate.opened;
      return { number: ++made };
    },
  });
  const pool = dependency({ scope: "app", needs: { config }, create: ({ config }) => ({ config }) });
  const { values } = startValues();
  const fetched = [values.fetch(config), values.fetch(config), values.fetch(pool)] as const;
  gate.open();
  const [first, second, { config: third }] = await Promise.all(fetched);
  expect(first).toBe(second);
  expect(third).toBe(first);
  expect(await values.fetch(config)).toBe(first);
  expect(made).toBe(1);
});

test("one that fails may be tried again, and what it needs is not made again", async () => {
  const steps: string[] = [];
  const config = named("config", steps);
  let failures = 0;
  const pool = dependency({
    scope: "app",
    needs: { config },
    async create() {
      steps.push("make pool");
      if (failures++ === 0) throw new Error("refused");
      return "pool";
    },
  });
  const { values, errors } = startValues();
  await expect(Promise.all([values.fetch(pool), values.fetch(pool)])).rejects.toThrow("refused");
  expect(await values.fetch(pool)).toBe("pool");
  expect(steps).toEqual(["make config", "make pool", "make pool"]);
  await values.dispose();
  expect(steps.at(-1)).toBe("dispose config");
  expect(errors).toEqual([]);
});

test("a value that is disposable is disposed of by itself, and a failure takes nothing from the others", async () => {
  const steps: string[] = [];
  const first = named("first", steps);
  const disposable = (name: string, symbol: symbol) =>
    dependency({ scope: "app", create: () => ({ [symbol]: () => steps.push(`dispose ${name}`) }) });
  const failing = dependency({
    scope: "app",
    create: () => ({}),
    async dispose() {
      throw new Error("still in use");
    },
  });
  const { values, errors, makeAll } = startValues();
  await makeAll({
    first,
    sync: disposable("sync", Symbol.dispose),
    failing,
    later: disposable("async", Symbol.asyncDispose),
  });
  await values.dispose();
  expect(steps).toEqual(["make first", "dispose async", "dispose sync", "dispose first"]);
  expect(errors).toEqual([["dispose", new Error("still in use")]]);
});

test("what is finished after the end is disposed of at once, and whoever waits for it is told", async () => {
  const steps: string[] = [];
  const gate = createGate();
  const slow = dependency({
    scope: "app",
    async create() {
      await gate.opened;
      return "slow";
    },
    dispose: (value) => steps.push(`dispose ${value}`),
  });
  const { values } = startValues();
  const fetched = values.fetch(slow);
  await values.dispose();
  gate.open();
  await expect(fetched).rejects.toMatchObject({ name: "AbortError" });
  expect(steps).toEqual(["dispose slow"]);
});

test("what another needs is still there while that one is disposed of", async () => {
  const steps: string[] = [];
  const log = dependency({ scope: "app", create: () => ({ lines: steps }) });
  const { values } = startValues();
  const pool = dependency({
    scope: "app",
    needs: { log },
    create: () => "pool",
    async dispose(value) {
      const found = await values.fetch(log);
      found.lines.push(`dispose ${value}`);
    },
  });
  await values.fetch(pool);
  await values.dispose();
  expect(steps).toEqual(["dispose pool"]);
});

test("after the end there is nothing to be had, neither an old value nor none in its place", async () => {
  const config = dependency({ scope: "app", create: () => "config" });
  const { values } = startValues();
  await values.fetch(config);
  await values.dispose();
  await expect(values.fetch(config)).rejects.toBeInstanceOf(Error);
});

test("a test's replacement is made in its place, once, and without what the real one needs", async () => {
  const steps: string[] = [];
  const config = named("config", steps);
  const pool = named("pool", steps, { config });
  let made = 0;
  const fake = () => `fake ${++made}`;
  const { values } = startValues(new Map([[pool["~definition"], fake]]));
  expect(await Promise.all([values.fetch(pool), values.fetch(pool)])).toEqual(["fake 1", "fake 1"]);
  expect(steps).toEqual([]);
});

test("a replacement of something of the app that looks at the request is told that there is none", async () => {
  const config = dependency({ scope: "app", create: () => "config" });
  const fake = ({ request }: { readonly request: { readonly path: string } }) => request.path;
  const { values } = startValues(new Map([[config["~definition"], fake]]));
  await expect(values.fetch(config)).rejects.toThrow("A dependency of the app has no request.");
});

test("an app makes them when it starts, gives them, and disposes of them when its connections have ended", async () => {
  const steps: string[] = [];
  const pool = named("pool", steps);
  const unused = named("unused", steps);
  const work = endpoint("/ws", { needs: { pool }, close: ({ pool }) => steps.push(`closed with ${pool}`) });
  const running = createApp({ endpoints: [work] });
  const server = await startTestApp(running);
  expect(steps).toEqual(["make pool"]);
  expect(await running.get(pool)).toBe("pool");
  expect(await running.get(unused)).toBe("unused");
  const ana = await server.connect<typeof work>("/ws");
  await server[Symbol.asyncDispose]();
  await ana.closed;
  expect(steps).toEqual(["make pool", "make unused", "closed with pool", "dispose unused", "dispose pool"]);
  await expect(running.get(pool)).rejects.toMatchObject({ code: "unavailable" });
});

test("an app whose dependency can't be made does not start, disposes of the others, and may start again", async () => {
  const steps: string[] = [];
  const config = named("config", steps);
  let isDown = true;
  const pool = dependency({
    scope: "app",
    needs: { config },
    create() {
      if (isDown) throw new Error("database down");
      return "pool";
    },
  });
  const running = createApp({ endpoints: [endpoint("/ws", { needs: { pool } })] });
  await expect(startTestApp(running)).rejects.toThrow("database down");
  expect(steps).toEqual(["make config", "dispose config"]);
  isDown = false;
  await using _ = await startTestApp(running);
  expect(await running.get(pool)).toBe("pool");
});

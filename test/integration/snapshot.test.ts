import { channel, createApp, dependency, endpoint, stateAt, TidingsError } from "tidings";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { codeOf, greet, numbers, numbersOf, offsetsOf, positionOf } from "../support/channel-events.js";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { dialInMemory } from "../support/memory-client.js";
import { serve } from "../support/served-app.js";
import { type Arrival, dial, dialTidings } from "../support/ws-client.js";

const events = { added: z.object({ n: z.number() }) };
const history = { size: 20, ttl: "5m" } as const;
const allow = { subscribe: true } as const;
const sumName = { channel: "sum" };

/** The sum of what was said on it, and how it is loaded. */
function createSum(
  options: { readonly history?: typeof history | undefined; readonly load?: (total: () => number) => unknown } = {},
) {
  let total = 0;
  const { load = (now) => ({ total: now() }) } = options;
  const sum = channel("sum", {
    events,
    history: options.history,
    allow,
    snapshot: () => load(() => total) as { readonly total: number },
  });
  const shape = endpoint("/ws", { channels: [sum] });
  const joined = endpoint("/ws/joined", { channels: [sum], open: ({ connection }) => connection.join(sum()) });
  return {
    sum,
    endpoints: [shape, joined],
    /** What was said is in the state before it is published. */
    add: (n: number) => {
      total += n;
      return { type: "added", payload: { n } } as const;
    },
  };
}

const stateOf = ({ payload }: Arrival) =>
  (payload as { readonly state?: { readonly total: number } } | undefined)?.state;

test.each([undefined, history])(
  "who subscribes is given the present state, then the events after it (history %j)",
  async (kept) => {
    const { sum, endpoints, add } = createSum({ history: kept });
    await using server = await serve({ endpoints });
    const publish = (n: number) => server.app.publish(sum(), add(n).type, { n });
    const client = await dial(`${server.url}/ws`);
    await publish(1);
    await publish(2);
    const subscribed = await client.ask("subscribe", sumName);
    expect(subscribed.payload).toEqual({ ...(kept && { epoch: expect.any(String), offset: 2 }), state: { total: 3 } });
    await publish(4);
    expect(await client.takeAll()).toEqual([
      { type: "added", channel: "sum", payload: { n: 4 }, ...(kept && { offset: 3 }) },
    ]);
  },
);

test("the state is not sent to who comes back and misses nothing, and to who misses something it is", async () => {
  const { sum, endpoints, add } = createSum({ history });
  await using server = await serve({ endpoints });
  const client = await dial(`${server.url}/ws`);
  const { epoch } = positionOf(await client.ask("subscribe", sumName));
  for (const n of numbers(1, 25)) await server.app.publish(sum(), add(n).type, { n });
  await client.take(25);
  const comeBack = async (since: object) => {
    await client.ask("unsubscribe", sumName);
    return client.ask("subscribe", { ...sumName, since });
  };
  expect((await comeBack({ epoch, offset: 24 })).payload).toEqual({ epoch, offset: 24, recovered: true });
  expect(numbersOf(await client.takeAll())).toEqual([25]);
  expect((await comeBack({ epoch, offset: 1 })).payload).toEqual({
    epoch,
    offset: 25,
    recovered: false,
    state: { total: 325 },
  });
  expect(await client.takeAll()).toEqual([]);
});

test("a server's join gives it to who hears `subscribed`, and nothing to a plain client", async () => {
  const { sum, endpoints, add } = createSum();
  await using server = await serve({ endpoints });
  await server.app.publish(sum(), add(5).type, { n: 5 });
  const ours = await greet(await dial(`${server.url}/ws/joined`, { protocols: ["tidings.v1"] }));
  expect(await ours.takeAll()).toEqual([{ type: "subscribed", channel: "sum", payload: { state: { total: 5 } } }]);
  const plain = await dial(`${server.url}/ws/joined`);
  expect(await plain.takeAll()).toEqual([]);
  await server.app.publish(sum(), add(1).type, { n: 1 });
  expect(numbersOf([...(await plain.takeAll()), ...(await ours.takeAll())])).toEqual([1, 1]);
});

test.each([undefined, history])("what is said while it is loaded follows it, once (history %j)", async (kept) => {
  const gate = createGate();
  const began = new Inbox<string>("the load");
  const { sum, endpoints, add } = createSum({
    history: kept,
    async load(total) {
      const now = total();
      began.put("began");
      await gate.opened;
      return { total: now };
    },
  });
  await using server = await serve({ endpoints });
  const publish = (n: number) => server.app.publish(sum(), add(n).type, { n });
  const client = await dial(`${server.url}/ws`);
  await publish(100);
  client.send({ type: "subscribe", payload: sumName, id: 1 });
  await began.next();
  for (const n of [1, 2, 3]) await publish(n);
  expect(await client.takeAll()).toEqual([]);
  gate.open();
  const subscribed = await client.next();
  expect(stateOf(subscribed)).toEqual({ total: 100 });
  await publish(4);
  const heard = await client.takeAll();
  expect(numbersOf(heard)).toEqual([1, 2, 3, 4]);
  if (kept) expect([positionOf(subscribed).offset, ...offsetsOf(heard)]).toEqual([1, 2, 3, 4, 5]);
});

test("`stateAt` tells how far the state goes: what it holds is not said again", async () => {
  let latest = { epoch: "", offset: 0 };
  const gate = createGate();
  const began = new Inbox<string>("the load");
  const { sum, endpoints, add } = createSum({
    history,
    async load(total) {
      began.put("began");
      await gate.opened;
      return stateAt(latest, { total: total() });
    },
  });
  await using server = await serve({ endpoints });
  const publish = async (n: number) => {
    const { epoch = "", offset = 0 } = await server.app.publish(sum(), add(n).type, { n });
    latest = { epoch, offset };
  };
  const client = await dial(`${server.url}/ws`);
  for (const n of [1, 2]) await publish(n);
  client.send({ type: "subscribe", payload: sumName, id: 1 });
  await began.next();
  for (const n of [3, 4]) await publish(n);
  gate.open();
  const subscribed = await client.next();
  expect(subscribed.payload).toEqual({ epoch: expect.any(String), offset: 4, state: { total: 10 } });
  await publish(5);
  expect(offsetsOf(await client.takeAll())).toEqual([5]);
});

test("`stateAt` of a state that lags behind: the events since then follow", async () => {
  let epoch = "";
  const { sum, endpoints, add } = createSum({ history, load: () => stateAt({ epoch, offset: 2 }, { total: 3 }) });
  await using server = await serve({ endpoints });
  for (const n of [1, 2, 3, 4]) epoch = (await server.app.publish(sum(), add(n).type, { n })).epoch ?? "";
  const client = await dial(`${server.url}/ws`);
  expect((await client.ask("subscribe", sumName)).payload).toMatchObject({ offset: 2, state: { total: 3 } });
  expect(offsetsOf(await client.takeAll())).toEqual([3, 4]);
});

test.each([
  [2, [3, 4, 5]],
  [4, [5]],
  [5, []],
])(
  "`stateAt` %i with `rewind`: exactly the events after the state, or from the rewind on",
  async (offset, expected) => {
    let epoch = "";
    const { sum, endpoints, add } = createSum({ history, load: () => stateAt({ epoch, offset }, { total: 0 }) });
    await using server = await serve({ endpoints });
    for (const n of [1, 2, 3, 4, 5]) epoch = (await server.app.publish(sum(), add(n).type, { n })).epoch ?? "";
    const client = await dial(`${server.url}/ws`);
    const subscribed = await client.ask("subscribe", { ...sumName, rewind: 2 });
    const heard = offsetsOf(await client.takeAll());
    // A position, and then what is behind it without a hole.
    const { offset: from } = positionOf(subscribed);
    expect(heard).toEqual(numbers(from + 1, 5));
    expect(heard).toEqual(expect.arrayContaining([...expected]));
  },
);

test("without history the place of `stateAt` means nothing, and nothing that is said meanwhile is lost", async () => {
  const gate = createGate();
  const began = new Inbox<string>("the load");
  const { sum, endpoints, add } = createSum({
    async load() {
      began.put("began");
      await gate.opened;
      return stateAt({ epoch: "e", offset: 1_000 }, { total: 0 });
    },
  });
  await using server = await serve({ endpoints });
  const client = await dial(`${server.url}/ws`);
  client.send({ type: "subscribe", payload: sumName, id: 1 });
  await began.next();
  await server.app.publish(sum(), add(1).type, { n: 1 });
  gate.open();
  expect((await client.next()).payload).toEqual({ state: { total: 0 } });
  await server.app.publish(sum(), add(2).type, { n: 2 });
  expect(numbersOf(await client.takeAll())).toEqual([1, 2]);
});

test("a `stateAt` that history does not reach back to is a gap, and is not loaded without an end", async () => {
  let [loads, epoch] = [0, ""];
  const { sum, endpoints, add } = createSum({
    history: { size: 20, ttl: "5m" },
    load() {
      loads += 1;
      // A test that went on would never end.
      return stateAt({ epoch, offset: loads > 50 ? 30 : 1 }, { total: loads });
    },
  });
  const app = createApp({ endpoints });
  await using server = await startTestApp(app);
  for (const n of numbers(1, 30)) epoch = (await app.publish(sum(), add(n).type, { n })).epoch ?? "";
  const client = await dialInMemory(server, "/ws");
  client.send({ type: "subscribe", payload: sumName, id: 1 });
  expect((await client.next()).type).toBe("subscribed");
  await client.takeAll();
  expect(loads).toBeLessThan(10);
});

test("those who come together share a load, and who comes while one runs is given a later one", async () => {
  const gates = [createGate(), createGate(), createGate()];
  const began = new Inbox<number>("the loads");
  let loads = 0;
  const { endpoints } = createSum({
    async load() {
      loads += 1;
      const mine = loads;
      began.put(mine);
      await gates[mine - 1]?.opened;
      return { total: mine };
    },
  });
  await using server = await serve({ endpoints });
  const clients = await Promise.all(numbers(1, 4).map(() => dial(`${server.url}/ws`)));
  const [first, ...others] = clients;
  first?.send({ type: "subscribe", payload: sumName, id: 1 });
  expect(await began.next()).toBe(1);
  for (const other of others) {
    other.send({ type: "subscribe", payload: sumName, id: 1 });
    await other.takeAll();
  }
  gates[0]?.open();
  expect(stateOf((await first?.next()) as Arrival)).toEqual({ total: 1 });
  expect(await began.next()).toBe(2);
  gates[1]?.open();
  for (const other of others) expect(stateOf(await other.next())).toEqual({ total: 2 });
  expect(loads).toBe(2);
});

test("the loader sees the app, the params and what the app's own dependencies are", async () => {
  const store = dependency({ scope: "app", create: () => new Map([["a", "stored"]]) });
  const mine = dependency({ create: () => "of one connection" });
  const seen: unknown[] = [];
  const doc = channel("doc/:name", {
    events,
    needs: { store, mine },
    allow,
    snapshot(given) {
      seen.push(Object.keys(given).sort(), given.params);
      return { text: given.store.get(given.params.name), at: new Date(0), isApp: given.app === server.app };
    },
  });
  const server = await serve({ endpoints: [endpoint("/ws", { channels: [doc] })] });
  await using _ = server;
  const client = await dial(`${server.url}/ws`);
  expect((await client.ask("subscribe", { channel: "doc/a" })).payload).toEqual({
    state: { text: "stored", at: "1970-01-01T00:00:00.000Z", isApp: true },
  });
  expect(seen).toEqual([["app", "params", "store"], { name: "a" }]);
});

test("a state of nothing is null", async () => {
  const { endpoints } = createSum({ load: () => undefined });
  await using server = await serve({ endpoints });
  const client = await dial(`${server.url}/ws`);
  expect((await client.ask("subscribe", sumName)).payload).toEqual({ state: null });
});

const failures: readonly (readonly [string, () => unknown, string])[] = [
  ["throws what is for the client", () => Promise.reject(new TidingsError("too_early", "Not yet.")), "too_early"],
  ["throws", () => Promise.reject(new Error("secret")), "internal"],
  ["throws at once", () => JSON.parse("secret"), "internal"],
  ["gives what JSON can't hold", () => ({ total: 1n }), "internal"],
  ["gives nothing in `limits.needs`", () => new Promise(() => {}), "unavailable"],
];

test.each(failures)("a loader that %s answers with an error and puts nobody on the channel", async (_, fail, code) => {
  let isBroken = true;
  const { endpoints } = createSum({ load: (total) => (isBroken ? fail() : { total: total() }) });
  await using server = await serve({ endpoints, limits: { needs: "50ms" } });
  const client = await dial(`${server.url}/ws`);
  const answer = await client.ask("subscribe", sumName, 1);
  expect(answer).toMatchObject({ type: "error", id: 1, channel: "sum", payload: { code, type: "subscribe" } });
  expect(JSON.stringify(answer)).not.toContain("secret");
  expect(server.app.stats().channels).toBe(0);
  expect(codeOf(await client.ask("unsubscribe", sumName, 2))).toBe("not_subscribed");
  isBroken = false;
  expect(codeOf(await client.ask("subscribe", sumName, 3))).toBe("subscribed");
});

test("in `gap` it is the state anew, and exactly the events after it follow", async () => {
  const { sum, endpoints, add } = createSum({ history: { size: 20, ttl: "5m" } });
  const app = createApp({ endpoints, limits: { historyBytes: "1kb" } });
  await using server = await startTestApp(app);
  const client = await dialInMemory(server, "/ws");
  const { epoch } = positionOf(await client.ask("subscribe", sumName));
  const totals: unknown[] = [];
  let position = { epoch, offset: 0 };
  let sumHeard = 0;
  // So much is said that the broker forgets the stream now and then: a new epoch.
  for (const n of numbers(1, 40)) {
    await app.publish(sum(), add(n).type, { n });
    for (const each of await client.takeAll()) {
      if (each.type === "gap") {
        position = positionOf(each);
        sumHeard = stateOf(each)?.total ?? Number.NaN;
        totals.push(sumHeard);
      } else {
        expect(offsetsOf([each])).toEqual([position.offset + 1]);
        position = { ...position, offset: position.offset + 1 };
        sumHeard += (each.payload as { n: number }).n;
      }
    }
  }
  expect(totals.length).toBeGreaterThan(0);
  expect(totals.every(Number.isFinite)).toBe(true);
});

test("a second `join` of a channel that is still arriving is done when that has arrived", async () => {
  const gate = createGate();
  const { sum } = createSum();
  const slow = channel("slow", { events, snapshot: () => gate.opened.then(() => ({ total: 1 })) });
  const joined = endpoint("/ws", {
    channels: [slow, sum],
    sends: { done: z.object({}) },
    async open({ connection }) {
      void connection.join(slow());
      const again = connection.join(slow());
      gate.open();
      await again;
      connection.send("done");
    },
  });
  await using server = await serve({ endpoints: [joined] });
  const client = await dialTidings(`${server.url}/ws`);
  expect((await client.take(3)).map(({ type }) => type)).toEqual(["connected", "subscribed", "done"]);
});

test("who is excepted from what is said while they arrive does not hear it afterwards", async () => {
  const gate = createGate();
  const began = new Inbox<string>("the load");
  const { sum, add } = createSum({
    async load(total) {
      began.put("began");
      await gate.opened;
      return { total: total() };
    },
  });
  const ids = new Inbox<string>("ids");
  const shape = endpoint("/ws", { channels: [sum], open: ({ connection }) => ids.put(connection.id) });
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`);
  const id = await ids.next();
  client.send({ type: "subscribe", payload: sumName, id: 1 });
  await began.next();
  await server.app.publish(sum(), add(1).type, { n: 1 }, { except: { id } });
  await server.app.publish(sum(), add(2).type, { n: 2 });
  gate.open();
  expect((await client.next()).type).toBe("subscribed");
  expect(numbersOf(await client.takeAll())).toEqual([2]);
});

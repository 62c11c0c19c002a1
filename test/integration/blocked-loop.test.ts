import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { endpoint, rawEndpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../support/gate.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

/** Holds the event loop for longer than a handler may, 100 ms. */
function block(ms = 150): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

const work = endpoint("/ws/work/:id", {
  receives: { crunch: z.object({}), later: z.object({}), say: z.object({}) },
  on: {
    crunch: () => block(),
    async later() {
      await nextTurn();
      // There the loop's timer tells it, which looks every 50 ms.
      block(250);
      await nextTurn();
    },
    say: () => "said",
  },
});

test("P23: a handler that blocks the loop is named in the log and in `stats`, and the others go on", async () => {
  await using server = await serve({ endpoints: [work] });
  const [client, other] = [await dial(`${server.url}/ws/work/secret-1`), await dial(`${server.url}/ws/work/2`)];
  client.send({ type: "crunch", payload: {}, id: 1 });
  expect(await other.ask("say", {})).toMatchObject({ payload: "said" });
  expect(await client.next()).toMatchObject({ type: "reply", id: 1 });
  const { level, message, fields } = await server.log.next("blocked");
  expect(level).toBe("warn");
  expect(message).toMatch(/^message "crunch" blocked the event loop for \d+ ms$/);
  // The endpoint as it was declared: a path may hold what nobody should read.
  expect(fields).toMatchObject({ endpoint: "/ws/work/:id", during: 'message "crunch"', certain: true });
  expect(fields.blockedMs).toBeGreaterThanOrEqual(150);
  client.send({ type: "crunch", payload: {}, id: 2 });
  expect(await client.next()).toMatchObject({ type: "reply", id: 2 });
  expect(server.app.stats().blocked).toContainEqual({
    endpoint: "/ws/work/:id",
    during: 'message "crunch"',
    times: 2,
    longestMs: expect.any(Number),
  });
});

test("P23: it is found out after an `await` too", async () => {
  await using server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work/1`);
  expect(await client.ask("later", {})).toMatchObject({ type: "reply" });
  const { fields } = await server.log.next("blocked");
  expect(fields).toMatchObject({ endpoint: "/ws/work/:id", during: 'message "later"', certain: true });
  expect(fields.blockedMs).toBeGreaterThanOrEqual(100);
  expect(server.app.stats().blocked).toMatchObject([{ during: 'message "later"', times: 1 }]);
});

test("P23: whoever only waits is not named for somebody else's work", async () => {
  const gate = createGate();
  const patient = endpoint("/ws/patient", {
    receives: { hold: z.object({}) },
    on: { hold: () => gate.opened },
  });
  await using server = await serve({ endpoints: [work, patient] });
  const [waiting, busy] = [await dial(`${server.url}/ws/patient`), await dial(`${server.url}/ws/work/1`)];
  waiting.send({ type: "hold", payload: {}, id: 1 });
  await waiting.takeAll();
  expect(await busy.ask("crunch", {})).toMatchObject({ type: "reply" });
  gate.open();
  expect(await waiting.next()).toMatchObject({ type: "reply", id: 1 });
  await server.log.next("blocked");
  expect(server.app.stats().blocked).toMatchObject([{ during: 'message "crunch"' }]);
});

test("P23: of two that were under way while the loop was held either may have been it, and the log says so", async () => {
  const gate = createGate();
  const patient = endpoint("/ws/patient", {
    receives: { hold: z.object({}) },
    on: { hold: () => gate.opened },
  });
  await using server = await serve({ endpoints: [work, patient] });
  const [waiting, busy] = [await dial(`${server.url}/ws/patient`), await dial(`${server.url}/ws/work/1`)];
  waiting.send({ type: "hold", payload: {}, id: 1 });
  await waiting.takeAll();
  expect(await busy.ask("later", {})).toMatchObject({ type: "reply" });
  const lines = [await server.log.next("blocked"), await server.log.next("blocked")];
  gate.open();
  expect(lines.map(({ fields }) => fields.during).toSorted()).toEqual(['message "hold"', 'message "later"']);
  expect(lines.map(({ fields }) => fields.certain)).toEqual([false, false]);
});

test("P23: `open`, `close`, frames and the loop of `run` are watched as well", async () => {
  const greedy = endpoint("/ws/greedy", { open: () => block(), close: () => block() });
  const frames = rawEndpoint("/ws/frames", { text: () => block() });
  const loop = rawEndpoint("/ws/loop", {
    async run({ connection }) {
      for await (const frame of connection.frames()) {
        block(250);
        connection.send(frame);
      }
    },
  });
  await using server = await serve({ endpoints: [greedy, frames, loop] });
  const named = async () => {
    const { fields } = await server.log.next("blocked");
    return `${fields.endpoint} ${fields.during}`;
  };
  const client = await dial(`${server.url}/ws/greedy`);
  expect(await named()).toBe("/ws/greedy open");
  client.close();
  expect(await named()).toBe("/ws/greedy close");
  const raw = await dial(`${server.url}/ws/frames`);
  raw.sendText("crunch this");
  expect(await named()).toBe("/ws/frames frame");
  const looping = await dial(`${server.url}/ws/loop`);
  looping.sendText("and this");
  expect(await looping.nextText()).toBe("and this");
  expect(await named()).toBe("/ws/loop run");
  expect(server.app.stats().blocked).toHaveLength(4);
});

test("P23: work in a worker thread holds up nobody, and reports back", async () => {
  const hasAnswered = new Int32Array(new SharedArrayBuffer(4));
  const heavy = endpoint("/ws/heavy", {
    sends: { progress: z.object({ percent: z.number() }) },
    receives: { render: z.object({ pages: z.number() }), say: z.object({}) },
    on: {
      async render({ connection }, { pages }) {
        const worker = new Worker(SPIN, { eval: true, workerData: { flag: hasAnswered.buffer, pages } });
        await once(worker, "online");
        connection.send("progress", { percent: 0 });
        const [rendered] = await once(worker, "message");
        return rendered;
      },
      say: () => "said",
    },
  });
  await using server = await serve({ endpoints: [heavy] });
  const [client, other] = [await dial(`${server.url}/ws/heavy`), await dial(`${server.url}/ws/heavy`)];
  try {
    client.send({ type: "render", payload: { pages: 3 }, id: 1 });
    expect(await client.next()).toEqual({ type: "progress", payload: { percent: 0 } });
    // While it spins.
    for (let n = 0; n < 5; n += 1) expect(await other.ask("say", {})).toMatchObject({ payload: "said" });
  } finally {
    Atomics.store(hasAnswered, 0, 1);
  }
  expect(await client.next()).toEqual({ type: "reply", id: 1, payload: "3 pages" });
});

/** Keeps a processor busy until somebody was answered. */
const SPIN = `
  const { parentPort, workerData } = require("node:worker_threads");
  const flag = new Int32Array(workerData.flag);
  while (Atomics.load(flag, 0) === 0);
  parentPort.postMessage(workerData.pages + " pages");
`;

test("how late the loop was is told to whoever looks at the process", async () => {
  await using server = await serve({ endpoints: [work] });
  const { view } = await server.app["~host"]();
  const client = await dial(`${server.url}/ws/work/1`);
  await client.ask("later", {});
  await server.log.next("blocked");
  expect(view.loopDelay().maxMs).toBeGreaterThan(100);
});

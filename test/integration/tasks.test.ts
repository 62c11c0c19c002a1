import { createApp, endpoint, TidingsError } from "tidings";
import { reportTask, startTask, type Task, type TaskSaid, tasks } from "tidings/tasks";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { randomId, systemClock } from "../../src/app/system.js";
import { MemoryBroker } from "../../src/broker/memory.js";
import { codeOf, greet, numbers, positionOf } from "../support/channel-events.js";
import { createGate } from "../support/gate.js";
import { dialInMemory } from "../support/memory-client.js";
import { serve } from "../support/served-app.js";
import { byName, createDesk, dialDesk, tasksIn, told } from "../support/task-desk.js";
import { type Arrival, dial, dialTidings } from "../support/ws-client.js";

const aTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const channel = "$tasks/ana";

test("P25: all devices of a user hear how a task goes, and nobody else does", async () => {
  const desk = createDesk(
    async (task) => {
      await task.progress(40, "page 3");
      return { url: "/x.pdf" };
    },
    { name: "export" },
  );
  await using server = await serve({ endpoints: [desk] });
  const [phone, laptop, bob] = [await dialDesk(server), await dialDesk(server), await dialDesk(server, "bob")];
  for (const client of [phone, laptop, bob]) expect(tasksIn(await client.next())).toEqual([]);
  phone.send({ type: "start", id: 1 });
  const heard = await laptop.take(4);
  const { task } = (heard[0]?.payload ?? {}) as { readonly task?: string };
  const known = { task, name: "export", timestamp: aTime };
  expect(heard).toEqual([
    { type: "task_queued", channel, offset: 1, payload: { ...known, progress: 0 } },
    { type: "task_started", channel, offset: 2, payload: { ...known, progress: 0 } },
    { type: "task_progress", channel, offset: 3, payload: { ...known, progress: 40, message: "page 3" } },
    {
      type: "task_completed",
      channel,
      offset: 4,
      payload: { ...known, progress: 100, message: "page 3", result: { url: "/x.pdf" } },
    },
  ]);
  const own = await phone.take(5);
  expect(own.filter(({ type }) => type !== "reply")).toEqual(heard);
  expect(own.find(({ type }) => type === "reply")).toEqual({ type: "reply", id: 1, payload: task });
  expect(await bob.takeAll()).toEqual([]);
});

test("P23: a handler is not held up by what it starts: it is answered before the work begins, however long that blocks", async () => {
  const began: string[] = [];
  const answered = createGate();
  const desk = createDesk(async () => {
    began.push("work");
    await answered.opened;
  });
  await using server = await serve({ endpoints: [desk] });
  const client = await dialDesk(server);
  await client.next();
  client.send({ type: "start", id: 1 });
  const first = await client.take(3);
  expect(first.map(({ type }) => type)).toEqual(["task_queued", "reply", "task_started"]);
  client.send({ type: "ping", id: "p" });
  expect((await client.next()).type).toBe("pong");
  expect(began).toEqual(["work"]);
  answered.open();
  expect((await client.next()).type).toBe("task_completed");
});

test("P25: a device that comes later is given the last of each task, and then what follows", async () => {
  const gate = createGate();
  await using server = await serve({ endpoints: [createDesk(() => {})] });
  const { app } = server;
  await startTask(app, "ana", () => 1, { id: "done" });
  await startTask(app, "ana", () => Promise.reject(new TidingsError("sold_out", "There is none left.")), {
    id: "sold",
  });
  const running = createGate();
  const work = async (task: Task) => {
    await task.progress(10, "reading");
    running.open();
    await gate.opened;
  };
  await startTask(app, "ana", work, { id: "slow" });
  await running.opened;
  const client = await dialDesk(server);
  const subscribed = await client.next();
  expect(subscribed).toMatchObject({ type: "subscribed", channel, payload: { offset: 9 } });
  expect(tasksIn(subscribed)).toEqual([
    { type: "task_completed", payload: { task: "done", progress: 100, timestamp: aTime, result: 1 } },
    {
      type: "task_failed",
      payload: {
        task: "sold",
        progress: 0,
        timestamp: aTime,
        error: { code: "sold_out", message: "There is none left." },
      },
    },
    { type: "task_progress", payload: { task: "slow", progress: 10, message: "reading", timestamp: aTime } },
  ]);
  gate.open();
  expect(await client.next()).toMatchObject({ type: "task_completed", payload: { task: "slow", result: null } });
});

test("a device that comes back hears what it missed of each task, and not what was replaced meanwhile", async () => {
  await using server = await serve({ endpoints: [createDesk(() => {})] });
  const { app } = server;
  const first = await dialDesk(server);
  const { epoch, offset } = positionOf(await first.next());
  await reportTask(app, "ana", "t1", { status: "queued" });
  first.terminate();
  for (const progress of [10, 20, 30]) await reportTask(app, "ana", "t1", { progress });
  await reportTask(app, "ana", "t2", { result: 2 });
  const back = await dial(`${server.url}/ws/desk`, { token: "ana", protocols: ["tidings.v1"] });
  await greet(back, { [channel]: { epoch, offset: offset + 1 } });
  expect(await back.takeAll()).toMatchObject([
    { type: "subscribed", channel, payload: { epoch, offset: 1, recovered: true } },
    { type: "task_progress", offset: 4, payload: { task: "t1", progress: 30 } },
    { type: "task_completed", offset: 5, payload: { task: "t2" } },
  ]);
  await reportTask(app, "ana", "t1", { result: 1 });
  expect(await back.next()).toMatchObject({ type: "task_completed", offset: 6, payload: { task: "t1" } });
});

test("one that missed more than is kept is given the state, of which nothing is told again", async () => {
  await using server = await serve({ endpoints: [createDesk(() => {})], limits: { historyPage: 7 } });
  const { app } = server;
  const first = await dialDesk(server);
  const position = positionOf(await first.next());
  first.terminate();
  for (const n of numbers(1, 105)) await reportTask(app, "ana", `t${n}`, { result: n });
  const back = await dial(`${server.url}/ws/desk`, { token: "ana", protocols: ["tidings.v1"] });
  await greet(back, { [channel]: position });
  const [subscribed, ...more] = await back.takeAll();
  expect(subscribed).toMatchObject({ payload: { recovered: false, offset: 105 } });
  expect(tasksIn(subscribed as Arrival).map(({ payload }) => payload.task)).toEqual(
    numbers(6, 105).map((n) => `t${n}`),
  );
  expect(more).toEqual([]);
});

test("a task that runs in silence is known however many others come and go", async () => {
  await using server = await serve({ endpoints: [createDesk(() => {})] });
  const { app } = server;
  const [begun, gate] = [createGate(), createGate()];
  const work = () => {
    begun.open();
    return gate.opened;
  };
  await startTask(app, "ana", work, { id: "long" });
  await begun.opened;
  for (const n of numbers(1, 210)) await reportTask(app, "ana", `t${n}`, { result: n });
  const client = await dialDesk(server);
  const known = tasksIn(await client.next());
  expect(known).toHaveLength(100);
  expect(known[0]).toMatchObject({ type: "task_started", payload: { task: "long" } });
  gate.open();
  expect(await client.next()).toMatchObject({ type: "task_completed", payload: { task: "long" } });
});

test("the state of all tasks that are kept, each as large as it may be, is less than 1 MiB", async () => {
  await using server = await serve({ endpoints: [createDesk(() => {})] });
  const { app } = server;
  const words = { name: "n".repeat(10_000), message: "ä".repeat(10_000) };
  for (const n of numbers(1, 120)) {
    const id = `t${n}`.padEnd(64, "x");
    if (n % 2 === 0) await reportTask(app, "ana", id, { ...words, result: "x".repeat(8_190) });
    else await reportTask(app, "ana", id, { ...words, error: { code: "late", message: "x".repeat(8_150) } });
  }
  const client = await dialDesk(server);
  const subscribed = await client.next();
  expect(tasksIn(subscribed)).toHaveLength(100);
  const [first] = tasksIn(subscribed);
  expect(first?.payload).toMatchObject({ name: "n".repeat(512), message: "ä".repeat(256) });
  const bytes = Buffer.byteLength(JSON.stringify(subscribed));
  expect(bytes).toBeGreaterThan(900_000);
  expect(bytes).toBeLessThan(1_048_576);
});

test("what is said while the state is loaded is in it, and is not told again", async () => {
  const news = { task: "t1", progress: 0, timestamp: "2026-01-02T03:04:05.678Z" };
  const busy = endpoint("/ws/busy", {
    auth: byName,
    channels: [tasks],
    async open({ app, connection, user }) {
      const joined = connection.join(tasks({ user: user.id }));
      await app.publish(tasks({ user: user.id }), "task_started", news);
      await joined;
    },
  });
  await using server = await serve({ endpoints: [busy] });
  const client = await dialTidings(`${server.url}/ws/busy`, { token: "ana" });
  const [, subscribed] = await client.take(2);
  expect(subscribed).toMatchObject({ payload: { offset: 1, state: [{ type: "task_started", payload: news }] } });
  expect(await client.takeAll()).toEqual([]);
});

test("who can't read any more is given the state where what was said is lost", async () => {
  await using server = await startTestApp(createApp({ endpoints: [createDesk(() => {})] }), {
    limits: { outbox: "1kb" },
    override: [[byName, ({ token }) => ({ id: token })]],
  });
  const slow = await dialInMemory(server, "/ws/desk", { token: "ana", protocols: ["tidings.v1"] });
  slow.send({ type: "connect" });
  await slow.take(2);
  slow.stopReading();
  for (const n of numbers(1, 300)) await reportTask(server.app, "ana", `t${n}`, { progress: n });
  slow.startReading();
  const heard: Arrival[] = [];
  while (!heard.some(({ payload }) => (payload as { task?: string }).task === "t300" || hasTask(payload, "t300"))) {
    heard.push(await slow.next());
  }
  const gaps = heard.filter(({ type }) => type === "gap");
  expect(gaps).toHaveLength(1);
  expect(tasksIn(gaps[0] as Arrival)).toHaveLength(100);
});

const hasTask = (payload: unknown, task: string) =>
  ((payload as { readonly state?: readonly TaskSaid[] }).state ?? []).some((said) => said.payload.task === task);

test("clients can neither subscribe to tasks nor publish there, nor see those of others", async () => {
  await using server = await serve({ endpoints: [createDesk(() => {})] });
  await startTask(server.app, "bob", () => "bob's secret", { id: "b1" });
  const client = await dialDesk(server);
  await client.next();
  const news = { task: "b1", progress: 1, timestamp: "2026-01-02T03:04:05.678Z" };
  for (const [type, payload, code] of [
    ["subscribe", { channel: "$tasks/bob" }, "forbidden"],
    ["history", { channel: "$tasks/bob" }, "not_subscribed"],
    ["publish", { channel, type: "task_progress", payload: news }, "forbidden"],
    ["unsubscribe", { channel }, "forbidden"],
    ["presence", { channel }, "forbidden"],
  ] as const) {
    expect(codeOf(await client.ask(type, payload))).toBe(code);
  }
});

test("P25: a task is started in a process without endpoints, and its user hears of it at another", async () => {
  const broker = new MemoryBroker({ createId: randomId, clock: systemClock });
  await using web = await serve({ endpoints: [createDesk(() => {})], broker });
  await using worker = await serve({ endpoints: [], broker });
  const client = await dialDesk(web);
  await client.next();
  await startTask(worker.app, "ana", () => 42, { id: "t1" });
  expect(told(await client.take(3))).toEqual(["task_queued 0", "task_started 0", "task_completed 100"]);
  const later = await dialDesk(web);
  expect(tasksIn(await later.next())).toMatchObject([{ type: "task_completed", payload: { task: "t1", result: 42 } }]);
});

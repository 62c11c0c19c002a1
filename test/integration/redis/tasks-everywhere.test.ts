import { endpoint } from "tidings";
import { connect } from "tidings/client";
import { cancelTask, reportTask, startTask, type Task, tasks } from "tidings/tasks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../../support/gate.js";
import { Inbox } from "../../support/inbox.js";
import { Apps } from "../../support/redis/apps.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";
import type { ServedApp } from "../../support/served-app.js";
import { byName, createDesk, dialDesk, tasksIn, told } from "../../support/task-desk.js";
import type { WsClient } from "../../support/ws-client.js";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** A work that runs until its signal aborts, or the gate is opened. */
function createWork(gate = createGate()) {
  const notes = new Inbox<unknown>("the work");
  const work = async (task: Task) => {
    task.signal.addEventListener("abort", () => notes.put(task.signal.reason));
    await task.progress(30, "half way");
    notes.put("begun");
    await gate.opened;
    notes.put(await task.progress(90).catch((error: unknown) => error));
    return "the result";
  };
  return { work, notes, gate };
}

async function startThree(work: (task: Task) => unknown = () => {}) {
  const apps = new Apps({ url: redis.url });
  const three = await apps.startThree({ endpoints: [createDesk(work)], limits: { close: "500ms" } });
  return { three, apps, [Symbol.asyncDispose]: () => apps[Symbol.asyncDispose]() };
}

/** A device of Ana's, past the state. */
async function dialAfter(server: ServedApp): Promise<WsClient> {
  const client = await dialDesk(server);
  expect(tasksIn(await client.next())).toEqual([]);
  return client;
}

const cancelled = expect.objectContaining({ code: "task_cancelled" });
const isEnd = ({ type }: { readonly type: string }) => /_(completed|failed|cancelled)$/.test(type);

test("P25: a task that runs in one process is seen in all, and by a device that comes later", async () => {
  const { work, notes, gate } = createWork();
  await using world = await startThree(work);
  const [a, b, c] = world.three;
  const [phone, laptop] = [await dialAfter(a), await dialAfter(b)];
  phone.send({ type: "start", id: 1 });
  expect(await notes.next()).toBe("begun");
  const begun = ["task_queued 0", "task_started 0", "task_progress 30"];
  expect(told(await laptop.take(3))).toEqual(begun);
  const late = await dialDesk(c);
  const [state] = tasksIn(await late.next());
  expect(state).toMatchObject({ type: "task_progress", payload: { progress: 30, message: "half way" } });
  gate.open();
  const ended = ["task_progress 90", "task_completed 100"];
  for (const device of [laptop, late]) {
    const heard = await device.take(2);
    expect(told(heard)).toEqual(ended);
    expect(heard[1]).toMatchObject({ payload: { task: state?.payload.task, result: "the result" } });
  }
  const kept = await c.app.history(tasks({ user: "ana" }));
  expect(kept.map(({ type }) => type)).toEqual(["task_completed"]);
});

test("P25: what a process without endpoints reports is told to all devices, in its order", async () => {
  await using world = await startThree();
  const worker = world.apps.createWorker();
  const devices = await Promise.all(world.three.map(dialAfter));
  const other = await dialDesk(world.three[1], "bob");
  await other.next();
  expect(await reportTask(worker, "ana", "job-7", { status: "queued", name: "render" })).toBe(true);
  for (const progress of [10, 50, 90]) await reportTask(worker, "ana", "job-7", { progress });
  expect(await reportTask(worker, "ana", "job-7", { result: { url: "/x" } })).toBe(true);
  for (const device of devices) {
    const heard = await device.take(5);
    const progress = ["task_progress 10", "task_progress 50", "task_progress 90"];
    expect(told(heard)).toEqual(["task_queued 0", ...progress, "task_completed 100"]);
    for (const { payload } of heard) expect(payload).toMatchObject({ task: "job-7", name: "render" });
  }
  expect(await other.takeAll()).toEqual([]);
});

test("P25: it is cancelled from another process than it runs in: at once, for all, and once", async () => {
  const { work, notes, gate } = createWork();
  await using world = await startThree(work);
  const [a, b, c] = world.three;
  const [phone, laptop] = [await dialAfter(b), await dialAfter(c)];
  const task = await startTask(a.app, "ana", work);
  expect(await notes.next()).toBe("begun");
  for (const device of [phone, laptop]) await device.take(3);
  phone.send({ type: "task_cancel", payload: { task }, id: 1 });
  const last = { type: "task_cancelled", channel: "$tasks/ana", payload: { task, progress: 30 } };
  expect(await phone.take(2)).toMatchObject([last, { type: "reply", id: 1, payload: null }]);
  expect(await laptop.next()).toMatchObject(last);
  expect(await notes.next()).toEqual(cancelled);
  gate.open();
  expect(await notes.next()).toEqual(cancelled);
  expect(await Promise.all([a, b, c].map(({ app }) => cancelTask(app, "ana", task)))).toEqual([false, false, false]);
  for (const device of [phone, laptop]) expect(await device.takeAll()).toEqual([]);
});

test("P25: where several processes end it at the same time it has one end, the same for all", async () => {
  await using world = await startThree();
  const worker = world.apps.createWorker();
  const devices = await Promise.all(world.three.map(dialAfter));
  for (const round of ["t1", "t2", "t3", "t4"]) {
    const gate = createGate();
    await startTask(world.three[0].app, "ana", () => gate.opened.then(() => "done"), { id: round });
    gate.open();
    await Promise.all([
      cancelTask(world.three[1].app, "ana", round),
      cancelTask(world.three[2].app, "ana", round),
      reportTask(worker, "ana", round, { error: { code: "no_room", message: "The disk is full." } }),
    ]);
    const ends = await Promise.all(devices.map(nextEnd));
    expect(ends[0]).toMatchObject({ payload: { task: round } });
    expect(ends).toEqual([ends[0], ends[0], ends[0]]);
  }
  // A mark behind all that was said before.
  await reportTask(worker, "ana", "mark", { status: "queued" });
  for (const device of devices) {
    const heard = await device.take(1);
    expect(heard).toMatchObject([{ type: "task_queued", payload: { task: "mark" } }]);
  }
  expect(await world.three[0].app.history(tasks({ user: "ana" }))).toHaveLength(5);
});

async function nextEnd(device: WsClient): Promise<unknown> {
  for (let next = await device.next(); ; next = await device.next()) if (isEnd(next)) return next;
}

test("P25: what a process that goes away leaves behind has failed, for devices at the others", async () => {
  const { work, notes } = createWork();
  await using world = await startThree();
  const [a, b] = world.three;
  const device = await dialAfter(b);
  await startTask(a.app, "ana", work);
  expect(await notes.next()).toBe("begun");
  await device.take(3);
  await a.app.close();
  expect(await device.next()).toMatchObject({
    type: "task_failed",
    payload: { progress: 30, error: { code: "going_away" } },
  });
});

test("P25: our own client follows, awaits and cancels a task of another process", async () => {
  const started = new Inbox<string>("started");
  const desk = endpoint("/ws/desk", {
    auth: byName,
    channels: [tasks],
    receives: { start: z.object({ where: z.string() }) },
    open: ({ connection, user }) => connection.join(tasks({ user: user.id })),
    on: {
      start: ({ app, user }, { where }) =>
        startTask(app, user.id, async (task) => {
          await task.progress(40, where);
          started.put(where);
          await new Promise((resolve) => task.signal.addEventListener("abort", resolve));
        }),
    },
  });
  await using apps = new Apps({ url: redis.url });
  const [a, b, c] = await apps.startThree({ endpoints: [desk] });
  using phone = connect<typeof desk>(`${a.url}/ws/desk`, { token: "ana" });
  using laptop = connect<typeof desk>(`${b.url}/ws/desk`, { token: "ana" });
  const shown = new Inbox<string>("progress");
  laptop.tasks.on("progress", ({ message, progress }) => shown.put(`${message} ${progress}`));
  const id = await phone.request("start", { where: "at a" });
  expect(await started.next()).toBe("at a");
  expect(await shown.next()).toBe("at a 40");
  const ends = [phone.tasks.done(id), laptop.tasks.done(id)].map((end) => end.catch((error: unknown) => error));
  using tablet = connect<typeof desk>(`${c.url}/ws/desk`, { token: "ana" });
  await tablet.tasks.cancel(id);
  for (const end of ends) expect(await end).toMatchObject({ code: "task_cancelled" });
});

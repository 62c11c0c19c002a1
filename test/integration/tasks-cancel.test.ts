import { createApp, endpoint, TidingsError } from "tidings";
import { cancelTask, reportTask, startTask, type Task, tasks } from "tidings/tasks";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { randomId, systemClock } from "../../src/app/system.js";
import { MemoryBroker } from "../../src/broker/memory.js";
import { codeOf, numbers } from "../support/channel-events.js";
import { FarBroker } from "../support/far-broker.js";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { LogRecorder } from "../support/log-recorder.js";
import { RecordingNode } from "../support/recording-node.js";
import { serve } from "../support/served-app.js";
import { byName, createDesk, dialDesk, tasksIn, told } from "../support/task-desk.js";
import { dial } from "../support/ws-client.js";

/** A work that runs until its signal aborts, or for as long as the gate is shut. */
function createWork(gate = createGate()) {
  const notes = new Inbox<unknown>("the work");
  const work = async (task: Task) => {
    task.signal.addEventListener("abort", () => notes.put(task.signal.reason));
    await task.progress(30, "half way");
    notes.put("begun");
    await gate.opened;
    notes.put(await task.progress(90).catch((error: unknown) => error));
    return "too late";
  };
  return { work, notes, gate };
}

const cancelled = expect.objectContaining({ code: "task_cancelled" });

test("P25: a client cancels its task: all devices hear so at once, its signal aborts, and what it gives later is dropped", async () => {
  const { work, notes, gate } = createWork();
  await using server = await serve({ endpoints: [createDesk(work)] });
  const [phone, laptop] = [await dialDesk(server), await dialDesk(server)];
  for (const client of [phone, laptop]) await client.next();
  phone.send({ type: "start", id: 1 });
  expect(await notes.next()).toBe("begun");
  const task = (await phone.takeAll()).find(({ id }) => id === 1)?.payload;
  phone.send({ type: "task_cancel", payload: { task }, id: 2 });
  const last = { task, progress: 30, message: "half way" };
  expect(await phone.take(2)).toMatchObject([
    { type: "task_cancelled", channel: "$tasks/ana", payload: last },
    { type: "reply", id: 2, payload: null },
  ]);
  expect(told(await laptop.take(4))).toEqual([
    "task_queued 0",
    "task_started 0",
    "task_progress 30",
    "task_cancelled 30",
  ]);
  expect(await notes.next()).toEqual(cancelled);
  gate.open();
  expect(await notes.next()).toEqual(cancelled);
  expect(await phone.takeAll()).toEqual([]);
  expect(server.errors.unread).toEqual([]);
});

test("one that waits for its turn never runs, and the one behind it does", async () => {
  const { work, gate, notes } = createWork();
  await using server = await serve({ endpoints: [createDesk(work)], limits: { tasks: 1 } });
  const { app } = server;
  const client = await dialDesk(server);
  await client.next();
  await startTask(app, "ana", work, { id: "runs" });
  await notes.next();
  const ran: string[] = [];
  for (const id of ["waits", "waits too"]) await startTask(app, "ana", () => void ran.push(id), { id });
  await client.takeAll();
  client.send({ type: "task_cancel", payload: { task: "waits" } });
  expect(await client.next()).toMatchObject({ type: "task_cancelled", payload: { task: "waits", progress: 0 } });
  gate.open();
  expect((await client.take(4)).at(-1)).toMatchObject({ type: "task_completed", payload: { task: "waits too" } });
  expect(ran).toEqual(["waits too"]);
});

test("a work that does not heed its signal takes its turn, and a place of its user, until it is over", async () => {
  const { work, gate, notes } = createWork();
  const limits = { tasks: 1, tasksPerUser: 2 };
  await using server = await serve({ endpoints: [createDesk(work)], limits });
  const { app } = server;
  const began = createGate();
  const stubborn = await startTask(app, "ana", work);
  await notes.next();
  expect(await cancelTask(app, "ana", stubborn)).toBe(true);
  await startTask(app, "ana", began.open);
  await expect(startTask(app, "ana", () => {})).rejects.toMatchObject({ code: "too_many_tasks" });
  expect(await Promise.race([began.opened.then(() => "began"), app.isConnected("ana").then(() => "waits")])).toBe(
    "waits",
  );
  gate.open();
  await began.opened;
});

const quiet = endpoint("/ws/quiet", { channels: [tasks], auth: byName });
const without = endpoint("/ws/without", { auth: byName });

test.each([
  ["one that there never was", "/ws/desk", { task: "no such" }, "not_found"],
  ["one that has ended", "/ws/desk", { task: "ended" }, "not_found"],
  ["another user's", "/ws/desk", { task: "bob's" }, "not_found"],
  ["nothing", "/ws/desk", {}, "invalid_payload"],
  ["a number", "/ws/desk", { task: 7 }, "invalid_payload"],
  ["a list", "/ws/desk", ["running"], "invalid_payload"],
  ["a name of JavaScript's own", "/ws/desk", { task: "__proto__" }, "not_found"],
  ["one's own, from a connection that is not on the channel", "/ws/quiet", { task: "running" }, "not_found"],
  ["one's own, where the endpoint lists no tasks", "/ws/without", { task: "running" }, "unknown_type"],
])("cancelling %s is answered with an error, and nothing ends", async (_, path, payload, code) => {
  const { work, gate } = createWork();
  await using server = await serve({ endpoints: [createDesk(work), quiet, without] });
  const { app } = server;
  const ended = createGate();
  await startTask(app, "ana", ended.open, { id: "ended" });
  await ended.opened;
  await startTask(app, "ana", work, { id: "running" });
  await startTask(app, "bob", work, { id: "bob's" });
  const client = await dial(`${server.url}${path}`, { token: "ana" });
  await client.takeAll();
  client.send({ type: "task_cancel", payload, id: 1 });
  let answer = await client.next();
  while (answer.id !== 1) answer = await client.next();
  expect(codeOf(answer)).toBe(code);
  const all = async (user: string) => (await app.history(tasks({ user }))).map(({ type }) => type);
  expect([...(await all("ana")), ...(await all("bob"))]).not.toContain("task_cancelled");
  gate.open();
});

test("a task is cancelled from any process, in whichever it runs", async () => {
  const broker = new MemoryBroker({ createId: randomId, clock: systemClock });
  const { work, notes, gate } = createWork();
  await using here = await serve({ endpoints: [createDesk(work)], broker });
  await using there = await serve({ endpoints: [], broker });
  const client = await dialDesk(here);
  await client.next();
  const task = await startTask(there.app, "ana", work);
  expect(await notes.next()).toBe("begun");
  await client.takeAll();
  client.send({ type: "task_cancel", payload: { task }, id: 1 });
  expect((await client.take(2)).map(({ type }) => type)).toEqual(["task_cancelled", "reply"]);
  expect(await notes.next()).toEqual(cancelled);
  expect(await cancelTask(there.app, "ana", task)).toBe(false);
  gate.open();
  expect(await client.takeAll()).toEqual([]);
});

test("one that runs is cancelled, though so many others run that its channel knows it no more", async () => {
  const { work, notes, gate } = createWork();
  await using server = await serve({ endpoints: [createDesk(work)] });
  const { app } = server;
  const task = await startTask(app, "ana", work);
  expect(await notes.next()).toBe("begun");
  for (const n of numbers(1, 100)) await reportTask(app, "ana", `t${n}`, { status: "started" });
  const client = await dialDesk(server);
  expect(tasksIn(await client.next()).map(({ payload }) => payload.task)).toEqual(numbers(1, 100).map((n) => `t${n}`));
  client.send({ type: "task_cancel", payload: { task }, id: 1 });
  expect(await client.take(2)).toMatchObject([
    { type: "task_cancelled", payload: { task, progress: 30 } },
    { type: "reply", id: 1, payload: null },
  ]);
  expect(await notes.next()).toEqual(cancelled);
  expect(await cancelTask(app, "ana", task)).toBe(false);
  gate.open();
  expect(await client.takeAll()).toEqual([]);
});

test("of one's other tasks none is read that does not name it", async () => {
  const broker = new MemoryBroker({ createId: randomId, clock: systemClock });
  await using server = await serve({ endpoints: [], broker });
  const { app } = server;
  const link = await broker.connect(new RecordingNode());
  for (const id of ["t1", '"2"']) await reportTask(app, "ana", id, { status: "started" });
  const { channel } = tasks({ user: "ana" });
  const keep = { size: 100, ttlMs: 60_000 };
  // Whoever parsed it would throw.
  await link.publish({ channel, type: "task_started", payloadJson: "unread", except: undefined, keep });
  expect(await cancelTask(app, "ana", "t1")).toBe(true);
  expect(await cancelTask(app, "ana", '"2"')).toBe(true);
  expect(await cancelTask(app, "ana", "t3")).toBe(false);
});

test("one of this process ends also while the broker is away, and its user is told when it is back", async () => {
  const broker = new FarBroker();
  const app = createApp({ endpoints: [], broker, logger: new LogRecorder() });
  await using server = await startTestApp(app);
  const { work, notes, gate } = createWork();
  const task = await startTask(app, "ana", work);
  expect(await notes.next()).toBe("begun");
  broker.reach = () => Promise.reject(new TidingsError("unavailable"));
  await expect(cancelTask(app, "ana", task)).rejects.toMatchObject({ code: "unavailable" });
  expect(await notes.next()).toEqual(cancelled);
  broker.reach = () => Promise.resolve();
  await server.clock.advance("1s");
  expect((await app.history(tasks({ user: "ana" }))).at(-1)).toMatchObject({ type: "task_cancelled" });
  gate.open();
});

test("one that runs elsewhere is over too: who reports of it next is told", async () => {
  await using server = await serve({ endpoints: [createDesk(() => {})] });
  const { app } = server;
  const client = await dialDesk(server);
  await client.next();
  expect(await reportTask(app, "ana", "job-7", { progress: 20, name: "render" })).toBe(true);
  await client.next();
  client.send({ type: "task_cancel", payload: { task: "job-7" }, id: 1 });
  expect(await client.take(2)).toMatchObject([
    { type: "task_cancelled", payload: { task: "job-7", name: "render", progress: 20 } },
    { type: "reply", id: 1 },
  ]);
  expect(await reportTask(app, "ana", "job-7", { progress: 40 })).toBe(false);
  expect(await reportTask(app, "ana", "job-7", { result: "done" })).toBe(false);
  expect(await client.takeAll()).toEqual([]);
});

test("a handler cancels with cancelTask, and is told whether there was something to", async () => {
  const { work, notes, gate } = createWork();
  await using server = await serve({ endpoints: [createDesk(work, { id: "t1" })] });
  const client = await dialDesk(server);
  await client.next();
  client.send({ type: "start" });
  await notes.next();
  await client.takeAll();
  for (const id of [1, 2]) client.send({ type: "stop", payload: { task: "t1" }, id });
  expect(await client.take(3)).toMatchObject([
    { type: "task_cancelled" },
    { type: "reply", id: 1, payload: true },
    { type: "reply", id: 2, payload: false },
  ]);
  gate.open();
});

import { AsyncLocalStorage } from "node:async_hooks";
import { createApp, type Issue, TidingsError } from "tidings";
import { startTask, type Task, tasks } from "tidings/tasks";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { numbers } from "../support/channel-events.js";
import { FarBroker } from "../support/far-broker.js";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { LogRecorder } from "../support/log-recorder.js";
import { serve } from "../support/served-app.js";
import { byName, createDesk, dialDesk, tasksIn, told } from "../support/task-desk.js";
import type { Arrival } from "../support/ws-client.js";

test("of progress four events a second are told, and the last before the end", async () => {
  const gate = createGate();
  const work = async (task: Task) => {
    for (const n of numbers(1, 60)) await task.progress(n);
    await gate.opened;
    await task.progress(77, "nearly");
  };
  const app = createApp({ endpoints: [createDesk(work)] });
  await using server = await startTestApp(app, { override: [[byName, ({ token }) => ({ id: token })]] });
  const client = await server.connect<ReturnType<typeof createDesk>>("/ws/desk", { token: "ana" });
  client.send("start");
  expect((await client.next("task_progress")).progress).toBe(1);
  await server.clock.advance("250ms");
  expect((await client.next("task_progress")).progress).toBe(60);
  gate.open();
  expect(await client.next("task_completed")).toMatchObject({ progress: 100, message: "nearly" });
  expect((await client.next("task_progress")).progress).toBe(77);
});

test("progress beyond its bounds is cut to them, and what is no number fails the task", async () => {
  await using server = await serve({ endpoints: [createDesk(() => {})] });
  const heard = async (work: (task: Task) => unknown) => {
    const client = await dialDesk(server);
    await client.next();
    await startTask(server.app, "ana", work, { name: "job" });
    const all = [await client.next()];
    while (!/completed|failed/.test(all.at(-1)?.type ?? "")) all.push(await client.next());
    client.close();
    return told(all).slice(2);
  };
  expect(await heard((task) => task.progress(1_000))).toEqual(["task_progress 100", "task_completed 100"]);
  expect(await heard((task) => task.progress(-3))).toEqual(["task_progress 0", "task_completed 100"]);
  for (const wrong of [Number.NaN, "40", undefined]) {
    expect(await heard((task) => task.progress(wrong as number))).toEqual(["task_failed 0"]);
    expect((await server.errors.next()).error).toMatchObject({ message: expect.stringContaining("from 0 to 100") });
  }
  // Nobody awaits it, so nobody need hear of it.
  expect(await heard((task) => void task.progress(Number.NaN))).toEqual(["task_completed 100"]);
});

test("what a work throws is told by its code, or goes to onError and is `internal`", async () => {
  await using server = await serve({ endpoints: [createDesk(() => {})] });
  const failed = async (work: () => unknown) => {
    const id = await startTask(server.app, "ana", work, { name: "job" });
    const client = await dialDesk(server);
    let said = tasksIn(await client.next()).find(({ payload }) => payload.task === id) as Arrival;
    while (said.type !== "task_failed") said = await client.next();
    return (said.payload as { readonly error: unknown }).error;
  };
  const issues = [{ path: ["pages"], message: "None." }];
  expect(await failed(() => Promise.reject(new TidingsError("no_pages", "Nothing to print.", { issues })))).toEqual({
    code: "no_pages",
    message: "Nothing to print.",
    issues,
  });
  expect(await failed(() => Promise.reject(new TidingsError("forbidden")))).toEqual({
    code: "forbidden",
    message: "This is not allowed.",
  });
  const internal = { code: "internal", message: "Something went wrong on the server." };
  for (const work of [
    () => {
      throw new Error("a secret");
    },
    () => Promise.reject("a text"),
    () => ({ much: 1n }),
  ]) {
    expect(await failed(work)).toEqual(internal);
    expect((await server.errors.next()).at).toMatchObject({ during: 'task "job"' });
  }
});

test.each<[string, unknown, string]>([
  ["a path that JSON can't hold", [{ message: "None.", path: [10n] }], "written as JSON"],
  ["more than a result may have", [{ message: "x".repeat(8_192), path: [] }], "limits.taskResult"],
  ["issues that are none", "all of it", "not a function"],
])("an error with %s is `internal`: the task has ended, and onError is told why", async (_, issues, reason) => {
  await using server = await serve({ endpoints: [createDesk(() => {})] });
  const client = await dialDesk(server);
  await client.next();
  const error = new TidingsError("bad", "It can't be.", { issues: issues as readonly Issue[] });
  await startTask(server.app, "ana", () => Promise.reject(error), { name: "job" });
  const internal = { code: "internal", message: "Something went wrong on the server." };
  expect((await client.take(3)).at(-1)).toMatchObject({ type: "task_failed", payload: { error: internal } });
  expect((await server.errors.next()).error).toMatchObject({ message: expect.stringContaining(reason) });
  expect((await server.errors.next()).error).toBe(error);
});

test("of an error's issues ten are told, and of each where and why, but not what was refused", async () => {
  await using server = await serve({ endpoints: [createDesk(() => {})] });
  const client = await dialDesk(server);
  await client.next();
  const issues = numbers(1, 12).map((n) => ({ path: ["rows", n], message: "None.", input: "a secret" }));
  await startTask(server.app, "ana", () => Promise.reject(new TidingsError("bad", "It can't be.", { issues })));
  expect((await client.take(3)).at(-1)?.payload).toMatchObject({
    error: { code: "bad", issues: numbers(1, 10).map((n) => ({ path: ["rows", n], message: "None." })) },
  });
});

test("turns go round by user: nobody waits for all that another has asked for", async () => {
  await using server = await serve({ endpoints: [], limits: { tasks: 1 } });
  const ran: string[] = [];
  const [gate, over] = [createGate(), createGate()];
  const start = (user: string, name: string) => startTask(server.app, user, () => void ran.push(name));
  await startTask(server.app, "eve", () => gate.opened);
  for (const n of numbers(1, 3)) await start("eve", `eve's ${n}`);
  await start("ana", "ana's");
  await startTask(server.app, "eve", over.open);
  gate.open();
  await over.opened;
  expect(ran).toEqual(["eve's 1", "ana's", "eve's 2", "eve's 3"]);
});

test.each<[string, unknown, unknown, unknown, string]>([
  ["no user", undefined, () => {}, {}, "the id of a user"],
  ["a user object", { id: "ana" }, () => {}, {}, "the id of a user"],
  ["no work", "ana", undefined, {}, "takes a function"],
  ["a promise for its work", "ana", Promise.resolve(), {}, "takes a function"],
  ["an id that is no text", "ana", () => {}, { id: 7 }, "`id` is 7"],
  ["an empty id", "ana", () => {}, { id: "" }, "1 to 64 characters"],
  ["an id of 65 characters", "ana", () => {}, { id: "x".repeat(65) }, "1 to 64 characters"],
  ["a name that is no text", "ana", () => {}, { name: {} }, "`name` is an object"],
  ["an option that there is not", "ana", () => {}, { nmae: "x" }, "Did you mean `name`?"],
])("a task with %s is refused, and nothing is told", async (_, user, work, options, reason) => {
  await using server = await serve({ endpoints: [] });
  const starting = startTask(server.app, user as string, work as () => void, options as object);
  await expect(starting).rejects.toThrow(reason);
  expect(await server.app.history(tasks({ user: "ana" }))).toEqual([]);
});

test("an id is one task at a time of its user: a second is refused until the first is over", async () => {
  await using server = await serve({ endpoints: [createDesk(() => {})] });
  const { app } = server;
  const [gate, over] = [createGate(), createGate()];
  await startTask(app, "ana", () => gate.opened, { id: "nightly" });
  await expect(startTask(app, "ana", () => {}, { id: "nightly" })).rejects.toMatchObject({ code: "already_started" });
  await startTask(app, "bob", over.open, { id: "nightly" });
  await over.opened;
  const client = await dialDesk(server);
  await client.next();
  gate.open();
  await client.takeAll();
  await startTask(app, "ana", () => "again", { id: "nightly" });
  expect((await client.take(3)).at(-1)).toMatchObject({ payload: { task: "nightly", result: "again" } });
});

test.each([
  ["is away", new TidingsError("unavailable")],
  ["fails in its own words", new Error("ECONNRESET")],
])("an end that the broker %s for is told when it is back", async (_, error) => {
  const broker = new FarBroker();
  const app = createApp({ endpoints: [], broker, logger: new LogRecorder() });
  await using server = await startTestApp(app);
  const begun = createGate();
  const gate = createGate();
  await startTask(app, "ana", async () => {
    begun.open();
    await gate.opened;
    return "kept";
  });
  await begun.opened;
  broker.reach = () => Promise.reject(error);
  gate.open();
  await server.clock.advance("2s");
  broker.reach = () => Promise.resolve();
  const last = async () => (await app.history(tasks({ user: "ana" }))).at(-1);
  expect(await last()).toMatchObject({ type: "task_started" });
  await server.clock.advance("1s");
  expect(await last()).toMatchObject({ type: "task_completed", payload: { result: "kept" } });
});

test("one that can't be queued, because the broker is away, is not run", async () => {
  const broker = new FarBroker();
  await using server = await serve({ endpoints: [], broker });
  await server.app.isConnected("ana");
  broker.reach = () => Promise.reject(new TidingsError("unavailable"));
  const ran: string[] = [];
  const starting = startTask(server.app, "ana", () => void ran.push("it ran"), { id: "t1" });
  await expect(starting).rejects.toMatchObject({ code: "unavailable" });
  broker.reach = () => Promise.resolve();
  const over = createGate();
  await startTask(server.app, "ana", over.open, { id: "t1" });
  await over.opened;
  expect(ran).toEqual([]);
});

test("a task that blocks the event loop is named in the log", async () => {
  await using server = await serve({ endpoints: [] });
  const block = () => {
    const untilMs = performance.now() + 150;
    while (performance.now() < untilMs);
  };
  await startTask(server.app, "ana", block, { name: "hash" });
  expect((await server.log.next("blocked")).fields).toMatchObject({ during: 'task "hash"' });
});

test("a task runs in the async context of whoever started it, also where it had to wait", async () => {
  await using server = await serve({ endpoints: [], limits: { tasks: 1 } });
  const asker = new AsyncLocalStorage<string>();
  const gate = createGate();
  const ran = new Inbox<string | undefined>("tasks that run");
  const work = async () => {
    await gate.opened;
    ran.put(asker.getStore());
  };
  for (const name of ["ana", "bob"]) await asker.run(name, () => startTask(server.app, name, work));
  gate.open();
  expect([await ran.next(), await ran.next()]).toEqual(["ana", "bob"]);
});

import { TidingsError } from "tidings";
import { startTask, type Task } from "tidings/tasks";
import { expect, test } from "vitest";
import { createGate } from "../support/gate.js";
import { serve } from "../support/served-app.js";
import { createDesk, dialDesk, tasksIn } from "../support/task-desk.js";

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
  const { task } = heard[0]?.payload as { readonly task: string };
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

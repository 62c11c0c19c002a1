import { cancelTask, reportTask, startTask, type Task, tasks } from "tidings/tasks";
import { expect, test } from "vitest";
import { createGate } from "../support/gate.js";
import { serve } from "../support/served-app.js";
import { createDesk, dialDesk, tasksIn, told } from "../support/task-desk.js";

const untilTold = (task: Task) =>
  new Promise<void>((resolve) => task.signal.addEventListener("abort", () => resolve(), { once: true }));

test.each([
  ["AC/DC", "$tasks/AC%2FDC"],
  ["https://issuer/#me", "$tasks/https:%2F%2Fissuer%2F#me"],
  ["..", "$tasks/%2E%2E"],
  ["auth0|Ana Müller", "$tasks/auth0|Ana Müller"],
  ["x".repeat(1_000), expect.stringMatching(/^\$tasks\/%sha256-[\w-]{43}$/)],
])("who is called %j hears of their tasks, cancels them and finds them again", async (user, channel) => {
  await using server = await serve({ endpoints: [createDesk(untilTold)] });
  const client = await dialDesk(server, user);
  expect(await client.next()).toMatchObject({ type: "subscribed", channel, payload: { state: [] } });
  await startTask(server.app, user, untilTold, { id: "t1" });
  expect(await client.take(2)).toMatchObject([
    { type: "task_queued", channel },
    { type: "task_started", channel },
  ]);
  client.send({ type: "task_cancel", payload: { task: "t1" } });
  expect(await client.next()).toMatchObject({ type: "task_cancelled", payload: { task: "t1" } });
  await reportTask(server.app, user, "t2", { progress: 5 });
  expect(await client.next()).toMatchObject({ type: "task_progress", channel });
  expect(await cancelTask(server.app, user, "t2")).toBe(true);
  const later = await dialDesk(server, user);
  expect(told(tasksIn(await later.next()))).toEqual(["task_cancelled 0", "task_cancelled 5"]);
  expect(await server.app.history(tasks({ user }))).toHaveLength(2);
});

test("two who are called alike have each their own tasks: `a/b` is not `a%2Fb`", async () => {
  const gate = createGate();
  await using server = await serve({ endpoints: [createDesk(() => gate.opened)], limits: { tasksPerUser: 1 } });
  await startTask(server.app, "a/b", () => gate.opened, { id: "t1" });
  await startTask(server.app, "a%2Fb", () => gate.opened, { id: "t1" });
  const client = await dialDesk(server, "a%2Fb");
  expect(tasksIn(await client.next())).toHaveLength(1);
  expect(await cancelTask(server.app, "a%2Fb", "t1")).toBe(true);
  expect(told(await server.app.history(tasks({ user: "a/b" })))).not.toContain("task_cancelled 0");
  gate.open();
});

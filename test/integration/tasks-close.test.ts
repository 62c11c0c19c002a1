import { createApp } from "tidings";
import { startTask, type Task, type TaskSaid, tasks } from "tidings/tasks";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { randomId, systemClock } from "../../src/app/system.js";
import { MemoryBroker } from "../../src/broker/memory.js";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { LogRecorder } from "../support/log-recorder.js";

const goingAway = { code: "going_away", message: "The server went away before the task had ended." };

/** Two processes of one app: what the first one says until it has closed, the other knows. */
async function startTwo() {
  const broker = new MemoryBroker({ createId: randomId, clock: systemClock });
  const log = new LogRecorder();
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const closing = createApp({ endpoints: [], broker, logger: log, onError });
  const other = createApp({ endpoints: [], broker, logger: log });
  const { clock } = await startTestApp(closing, { limits: { close: "5s", tasks: 3 } });
  const known = async () => (await other.history(tasks({ user: "ana" }))) as readonly TaskSaid[];
  return { closing, other, clock, known, errors, [Symbol.asyncDispose]: () => other.close() };
}

test("an app that closes tells what runs by its signal, and what settles in time has its own end", async () => {
  await using two = await startTwo();
  const { closing, known, errors } = two;
  const begun = new Inbox<string>("begun");
  const untilTold = async ({ id, signal }: Task, then: () => unknown) => {
    begun.put(id);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return then();
  };
  await startTask(closing, "ana", (task) => untilTold(task, () => "all of it"), { id: "saves" });
  const failing = (task: Task) => untilTold(task, () => task.signal.throwIfAborted());
  await startTask(closing, "ana", failing, { id: "stops" });
  const hangingUp = (task: Task) => untilTold(task, () => Promise.reject(new Error("socket hang up")));
  await startTask(closing, "ana", hangingUp, { id: "hangs up" });
  await startTask(closing, "ana", () => "never", { id: "waits" });
  await begun.next();
  await begun.next();
  await begun.next();
  await closing.close();
  expect(await known()).toMatchObject([
    { type: "task_failed", payload: { task: "waits", error: goingAway } },
    { type: "task_completed", payload: { task: "saves", result: "all of it" } },
    { type: "task_failed", payload: { task: "stops", error: goingAway } },
    { type: "task_failed", payload: { task: "hangs up", error: goingAway } },
  ]);
  expect(errors).toEqual([]);
});

test("what has not settled when limits.close is over has failed with `going_away`, and gives nothing later", async () => {
  await using two = await startTwo();
  const { closing, clock, known } = two;
  const [begun, gate] = [createGate(), createGate()];
  await startTask(
    closing,
    "ana",
    async (task) => {
      await task.progress(40);
      begun.open();
      await gate.opened;
      return "too late";
    },
    { id: "stubborn" },
  );
  await begun.opened;
  const closed = closing.close();
  await clock.advance("4999ms");
  expect(await known()).toMatchObject([{ type: "task_progress", payload: { task: "stubborn" } }]);
  await clock.advance("1ms");
  const failed = [{ type: "task_failed", payload: { task: "stubborn", progress: 40, error: goingAway } }];
  expect(await known()).toMatchObject(failed);
  await clock.advance("5s");
  await closed;
  gate.open();
  await clock.advance("1s");
  expect(await known()).toMatchObject(failed);
});

test("an app that is closing, or closed, starts no task", async () => {
  await using two = await startTwo();
  const { closing } = two;
  const refused = new Inbox<unknown>("refused");
  const begun = createGate();
  await startTask(closing, "ana", async ({ signal }) => {
    begun.open();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    refused.put(await startTask(closing, "ana", () => {}).catch((error: unknown) => error));
  });
  await begun.opened;
  await closing.close();
  expect(await refused.next()).toMatchObject({ code: "unavailable" });
  await expect(startTask(closing, "ana", () => {})).rejects.toMatchObject({ code: "unavailable" });
});

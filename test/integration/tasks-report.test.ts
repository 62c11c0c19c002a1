import { forbidden } from "tidings";
import { reportTask, type TaskFailure, type TaskReport, tasks } from "tidings/tasks";
import { expect, test } from "vitest";
import { serve } from "../support/served-app.js";
import { createDesk, dialDesk, told } from "../support/task-desk.js";

const desk = createDesk(() => {});

test("a job that runs elsewhere is reported of from its queue to its end, each time with all that is known", async () => {
  await using server = await serve({ endpoints: [desk] });
  const client = await dialDesk(server);
  await client.next();
  const report = (given: TaskReport) => reportTask(server.app, "ana", "job-7", given);
  for (const given of [
    { status: "queued", name: "render" },
    { status: "started" },
    { progress: 40, message: "half way" },
    { progress: 250 },
    { result: { url: "/x" } },
  ] as const) {
    expect(await report(given)).toBe(true);
  }
  const heard = await client.take(5);
  expect(told(heard)).toEqual([
    "task_queued 0",
    "task_started 0",
    "task_progress 40",
    "task_progress 100",
    "task_completed 100",
  ]);
  expect(heard.at(-1)?.payload).toMatchObject({ name: "render", message: "half way", result: { url: "/x" } });
});

test("what ended stays so, whatever is reported late, until it is queued anew", async () => {
  await using server = await serve({ endpoints: [desk] });
  const client = await dialDesk(server);
  await client.next();
  const report = (given: TaskReport) => reportTask(server.app, "ana", "nightly", given);
  expect(await report({ error: { code: "no_room", message: "The disk is full." }, message: "writing" })).toBe(true);
  for (const late of [{ status: "started" }, { progress: 50 }, { result: 1 }, { status: "cancelled" }] as const) {
    expect(await report(late)).toBe(false);
  }
  expect(await report({ status: "queued", name: "nightly" })).toBe(true);
  expect(await report({ status: "cancelled" })).toBe(true);
  const heard = await client.takeAll();
  expect(told(heard)).toEqual(["task_failed 0", "task_queued 0", "task_cancelled 0"]);
  expect(heard[0]?.payload).toMatchObject({ error: { code: "no_room", message: "The disk is full." } });
  expect(heard[1]?.payload).not.toHaveProperty("message");
});

test("an error is told with its own code where it is meant to be, and otherwise as `internal`", async () => {
  await using server = await serve({ endpoints: [desk] });
  const client = await dialDesk(server);
  await client.next();
  await reportTask(server.app, "ana", "a", { error: forbidden("Not this file.") });
  await reportTask(server.app, "ana", "b", { error: new Error("a secret") });
  const errors = (await client.take(2)).map(({ payload }) => (payload as { readonly error: unknown }).error);
  expect(errors).toEqual([
    { code: "forbidden", message: "Not this file." },
    { code: "internal", message: "Something went wrong on the server." },
  ]);
  expect((await server.errors.next()).error).toMatchObject({ message: "a secret" });
});

const fine = { progress: 1 };
test.each<[string, unknown, unknown, unknown]>([
  ["no report", "ana", "t1", undefined],
  ["a text", "ana", "t1", "started"],
  ["nothing", "ana", "t1", {}],
  ["two at once", "ana", "t1", { progress: 1, result: 2 }],
  ["a status that there is not", "ana", "t1", { status: "running" }],
  ["one that only a result makes", "ana", "t1", { status: "completed" }],
  ["a progress in words", "ana", "t1", { progress: "40" }],
  ["a progress that is no number", "ana", "t1", { progress: Number.NaN }],
  ["an error in words", "ana", "t1", { error: "it broke" }],
  ["an error without a message", "ana", "t1", { error: { code: "broken" } }],
  ["an error whose code is none", "ana", "t1", { error: { code: "It broke", message: "x" } }],
  ["a message that is no text", "ana", "t1", { progress: 1, message: 7 }],
  ["a name that is no text", "ana", "t1", { progress: 1, name: {} }],
  ["a field that there is not", "ana", "t1", { progress: 1, percent: 4 }],
  ["no task", "ana", "", fine],
  ["a task of 65 characters", "ana", "x".repeat(65), fine],
  ["a number for the task", "ana", 7, fine],
  ["no user", "", "t1", fine],
  ["a user object", { id: "ana" }, "t1", fine],
])("%s is a TypeError, and nothing is told", async (_, user, id, report) => {
  await using server = await serve({ endpoints: [] });
  const reporting = reportTask(server.app, user as string, id as string, report as TaskReport);
  await expect(reporting).rejects.toThrow(TypeError);
  expect(await server.app.history(tasks({ user: "ana" }))).toEqual([]);
});

test("a result that JSON can't hold, or is too large, rejects and ends nothing", async () => {
  await using server = await serve({ endpoints: [], limits: { taskResult: "1kb" } });
  await expect(reportTask(server.app, "bob", "t1", { result: 1n })).rejects.toMatchObject({ name: "EncodeError" });
  await expect(reportTask(server.app, "bob", "t1", { result: "x".repeat(1_024) })).rejects.toThrow("limits.taskResult");
  expect(await server.app.history(tasks({ user: "bob" }))).toEqual([]);
});

test("an error that JSON can't hold, or is too large, rejects where it was given in words, and is `internal` where it was thrown", async () => {
  await using server = await serve({ endpoints: [desk], limits: { taskResult: "1kb" } });
  const client = await dialDesk(server);
  await client.next();
  const message = "x".repeat(1_024);
  const report = (error: TaskFailure | Error) => reportTask(server.app, "ana", "t1", { error });
  await expect(report({ code: "late", message })).rejects.toThrow("limits.taskResult");
  const path = [1n] as unknown as readonly string[];
  await expect(report({ code: "late", message: "x", issues: [{ path, message: "x" }] })).rejects.toMatchObject({
    name: "EncodeError",
  });
  expect(await client.takeAll()).toEqual([]);
  await report(forbidden(message));
  expect(await client.next()).toMatchObject({ type: "task_failed", payload: { error: { code: "internal" } } });
  expect((await server.errors.next()).error).toMatchObject({ message: expect.stringContaining("limits.taskResult") });
});

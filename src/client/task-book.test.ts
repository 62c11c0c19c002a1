import { describe, expect, test } from "vitest";
import type { TaskSaid } from "../declare/task.js";
import { FakeClock } from "../testing/fake-clock.js";
import { Exchange } from "./exchange.js";
import { lost } from "./message.js";
import { TaskBook } from "./task-book.js";

const mine = "$tasks/ana";
const timestamp = "2026-01-02T03:04:05.678Z";

function said(type: TaskSaid["type"], task = "t1", more: object = {}): TaskSaid {
  return { type, payload: { task, progress: 0, timestamp, ...more } } as TaskSaid; // what each type adds is in `more`
}

function create() {
  const said: unknown[] = [];
  const say = (text: string) => void said.push(JSON.parse(text));
  const exchange = new Exchange({ clock: new FakeClock({ startMs: 0 }), say }, 10, 10_000, 0);
  exchange.opened(() => {});
  return { book: new TaskBook(exchange), exchange, said };
}

test.each([
  ["task_queued", "queued"],
  ["task_started", "started"],
  ["task_progress", "started"],
  ["task_completed", "completed"],
  ["task_failed", "failed"],
  ["task_cancelled", "cancelled"],
] as const)("after %s a task is %s, and whoever listens for that or for any change hears so", (type, status) => {
  const { book } = create();
  const heard: string[] = [];
  const names = ["queued", "started", "progress", "completed", "failed", "cancelled", "change"] as const;
  for (const name of names) book.on(name, (task) => heard.push(`${name}: ${task.id} ${task.status}`));
  book.hear(said(type), mine);
  expect(heard).toEqual([`${type.slice(5)}: t1 ${status}`, `change: t1 ${status}`]);
  expect(book.all.get("t1")).toEqual({ id: "t1", channel: mine, status, progress: 0, timestamp });
});

test("what is said now is all that is known of it", () => {
  const { book } = create();
  book.hear(said("task_queued", "t1", { name: "export", message: "in the queue" }), mine);
  book.hear(said("task_progress", "t1", { name: "export", progress: 40 }), mine);
  const task = { id: "t1", channel: mine, name: "export", status: "started", progress: 40, timestamp };
  expect(book.all.get("t1")).toEqual(task);
});

test("what is repeated is nothing new", () => {
  const { book } = create();
  let changes = 0;
  book.on("change", () => {
    changes += 1;
  });
  const progress = said("task_progress", "t1", { progress: 40 });
  book.hear(progress, mine);
  book.hear(progress, mine);
  book.reset([progress], mine);
  expect(changes).toBe(1);
});

test("a listener that has ended hears nothing more", () => {
  const { book } = create();
  const heard: unknown[] = [];
  const stop = book.on("change", (task) => heard.push(task));
  stop();
  book.hear(said("task_started"), mine);
  expect(heard).toEqual([]);
});

test("the latest is the last, and of very many the oldest are forgotten", () => {
  const { book } = create();
  for (let n = 0; n < 200; n += 1) book.hear(said("task_started", `t${n}`), mine);
  book.hear(said("task_progress", "t0", { progress: 5 }), mine);
  book.hear(said("task_started", "new"), mine);
  expect(book.all.size).toBe(200);
  expect([...book.all.keys()].slice(-2)).toEqual(["t0", "new"]);
  expect(book.all.has("t1")).toBe(false);
});

test("a state says all there is: what is not in it is known no more", async () => {
  const { book } = create();
  book.hear(said("task_started", "old"), mine);
  book.hear(said("task_started", "kept"), mine);
  const forgotten = expect(book.done("old")).rejects.toMatchObject({ code: "not_found" });
  const done = book.done("kept");
  book.reset([said("task_completed", "kept", { progress: 100, result: 7 }), said("task_queued", "other")], mine);
  await forgotten;
  expect(await done).toBe(7);
  expect([...book.all.keys()].sort()).toEqual(["kept", "other"]);
});

test("the state of one user's tasks says nothing of another's", () => {
  const { book } = create();
  book.hear(said("task_started", "t1"), mine);
  book.hear(said("task_started", "t2"), "$tasks/bob");
  book.reset([], "$tasks/bob");
  expect([...book.all.keys()]).toEqual(["t1"]);
});

describe("whoever awaits the end", () => {
  test("is given the result, also where the task is not known yet or has ended before", async () => {
    const { book } = create();
    const early = book.done("t1");
    book.hear(said("task_queued"), mine);
    book.hear(said("task_progress"), mine);
    book.hear(said("task_completed", "t1", { result: { n: 7 } }), mine);
    expect(await early).toEqual({ n: 7 });
    expect(await book.done("t1")).toEqual({ n: 7 });
  });

  test("is told of one task only", async () => {
    const { book } = create();
    const other = book.done("t2");
    book.hear(said("task_completed", "t1", { result: 1 }), mine);
    book.hear(said("task_completed", "t2", { result: 2 }), mine);
    expect(await other).toBe(2);
  });

  test.each([
    ["task_cancelled", {}, { code: "task_cancelled" }],
    ["task_failed", { error: { code: "no_room", message: "Full." } }, { code: "no_room", message: "Full." }],
    [
      "task_failed",
      { error: { code: "invalid_payload", message: "No.", issues: [{ path: ["a"], message: "b" }] } },
      { code: "invalid_payload", issues: [{ path: ["a"], message: "b" }] },
    ],
    ["task_failed", { error: { code: "/", message: "No code." } }, { code: "internal", message: "No code." }],
    ["task_failed", { error: {} }, { code: "internal" }],
  ] as const)("of one that ended with %s %j is told so", async (type, more, error) => {
    const { book } = create();
    const waiting = expect(book.done("t1")).rejects.toMatchObject({ name: "TidingsError", ...error });
    book.hear(said(type, "t1", more), mine);
    await waiting;
    await expect(book.done("t1")).rejects.toMatchObject(error);
  });

  test("waits in vain where the client closes, now and later, and is told why", async () => {
    const { book } = create();
    book.hear(said("task_started", "running"), mine);
    const waiting = ["running", "unknown"].map((id) =>
      expect(book.done(id)).rejects.toMatchObject({ code: "connection_lost", message: "It is over." }),
    );
    book.close(lost("It is over."));
    await Promise.all(waiting);
    await expect(book.done("later")).rejects.toMatchObject({ code: "connection_lost", message: "It is over." });
  });

  test("of one that has ended is still told how, when the client has closed", async () => {
    const { book } = create();
    book.hear(said("task_completed", "t1", { result: 7 }), mine);
    book.close(lost("It is over."));
    expect(await book.done("t1")).toBe(7);
  });
});

test("cancelling asks the server, and rejects as that does", async () => {
  const { book, exchange, said } = create();
  const [first, second] = [book.cancel("t1"), book.cancel("t2")];
  expect(said).toEqual([
    { type: "task_cancel", payload: { task: "t1" }, id: 1 },
    { type: "task_cancel", payload: { task: "t2" }, id: 2 },
  ]);
  exchange.answer({ type: "reply", id: 1, payload: {} });
  exchange.answer({ type: "error", id: 2, payload: { code: "not_found", message: "No such task." } });
  expect(await first).toBe(undefined);
  await expect(second).rejects.toMatchObject({ code: "not_found" });
});

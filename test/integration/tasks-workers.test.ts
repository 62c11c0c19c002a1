import { BroadcastChannel } from "node:worker_threads";
import { startWorkerTask, tasks } from "tidings/tasks";
import { expect, test } from "vitest";
import { type ServedApp, serve } from "../support/served-app.js";
import { createDesk, dialDesk } from "../support/task-desk.js";
import type { Arrival, WsClient } from "../support/ws-client.js";

const moduleAt = (name: string) => new URL(`../support/workers/${name}.js`, import.meta.url);
const desk = createDesk(() => {});

/** All that is told of tasks until so many are over. */
async function untilOver(client: WsClient, count = 1): Promise<Arrival[]> {
  const heard: Arrival[] = [];
  const over = () => heard.filter(({ type }) => /completed|failed|cancelled/.test(type)).length;
  while (over() < count) heard.push(await client.next());
  return heard;
}

async function dialAfter(server: ServedApp): Promise<WsClient> {
  const client = await dialDesk(server);
  await client.next();
  return client;
}

test("P23: heavy work runs in a thread, reports its progress, and the last of it before its end", async () => {
  await using server = await serve({ endpoints: [desk] });
  const client = await dialAfter(server);
  await startWorkerTask(server.app, "ana", moduleAt("count"), { to: 50 }, { name: "count" });
  const heard = await untilOver(client);
  expect(heard[0]).toMatchObject({ type: "task_queued", payload: { name: "count" } });
  expect(heard[1]).toMatchObject({ type: "task_started" });
  expect(heard.at(-2)).toMatchObject({ type: "task_progress", payload: { progress: 98, message: "49 of 50" } });
  expect(heard.at(-1)).toMatchObject({ type: "task_completed", payload: { progress: 100, result: { counted: 50 } } });
});

test.each([
  ["throws", "internal", "a secret of the server"],
  ["refuses", "sold_out", undefined],
  ["exits", "internal", expect.any(String)],
  ["gives a bigint", "internal", expect.stringContaining("BigInt")],
  ["throws no error", "internal", expect.stringContaining("a text")],
  ["throws later", "internal", "nobody awaits this"],
  ["says no number", "internal", expect.stringContaining("from 0 to 100")],
])(
  "a worker that %s has failed with `%s`, its details go to onError, and the next one runs",
  async (how, code, detail) => {
    await using server = await serve({ endpoints: [desk] });
    const client = await dialAfter(server);
    await startWorkerTask(server.app, "ana", moduleAt("faulty"), { how }, { name: "job" });
    const heard = await untilOver(client);
    const message = code === "internal" ? "Something went wrong on the server." : "There is none left.";
    expect(heard.at(-1)).toMatchObject({ type: "task_failed", payload: { error: { code, message } } });
    if (detail !== undefined) {
      const { error, at } = await server.errors.next();
      expect(error).toMatchObject({ message: detail });
      expect(at).toMatchObject({ during: 'task "job"' });
    }
    await startWorkerTask(server.app, "ana", moduleAt("faulty"), { how: "answers" });
    expect((await untilOver(client)).at(-1)).toMatchObject({ type: "task_completed", payload: { result: "answers" } });
  },
);

test("a module that is not there, or has no function, fails its task and says which", async () => {
  await using server = await serve({ endpoints: [desk] });
  const client = await dialAfter(server);
  for (const [name, reason] of [
    ["missing", "missing.js"],
    ["nothing", "no function as its default export"],
  ] as const) {
    await startWorkerTask(server.app, "ana", moduleAt(name), {});
    expect((await untilOver(client)).at(-1)).toMatchObject({
      type: "task_failed",
      payload: { error: { code: "internal" } },
    });
    expect((await server.errors.next()).error).toMatchObject({ message: expect.stringContaining(reason) });
  }
});

test("one that a client cancels is over at once, is told so, and may still clean up", async () => {
  await using server = await serve({ endpoints: [desk] });
  const client = await dialAfter(server);
  const note = new BroadcastChannel("patient");
  const noted = new Promise((resolve) => {
    note.onmessage = ({ data }: { readonly data: unknown }) => resolve(data);
  });
  const task = await startWorkerTask(server.app, "ana", moduleAt("patient"), {});
  expect((await client.take(3)).map(({ type }) => type)).toEqual(["task_queued", "task_started", "task_progress"]);
  client.send({ type: "task_cancel", payload: { task }, id: 1 });
  expect(await client.take(2)).toMatchObject([
    { type: "task_cancelled", payload: { task, progress: 1 } },
    { type: "reply", id: 1, payload: null },
  ]);
  expect(await noted).toBe("AbortError");
  note.close();
});

test.each([
  ["an input that can't be cloned", moduleAt("count"), () => {}, {}, "can't be cloned"],
  ["a module by its path", "./count.js", {}, {}, "a file's URL"],
  ["a module of the network", new URL("https://app.example/x.js"), {}, {}, "a file's URL"],
  ["an option that there is not", moduleAt("count"), {}, { nmae: "x" }, "Did you mean `name`?"],
])("%s is refused before anything is queued", async (_, module, input, options, reason) => {
  await using server = await serve({ endpoints: [desk] });
  const starting = startWorkerTask(server.app, "ana", module as URL, input, options as object);
  await expect(starting).rejects.toThrow(reason);
  expect(await server.app.history(tasks({ user: "ana" }))).toEqual([]);
});

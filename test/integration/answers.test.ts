import { endpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { createGate, type Gate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

/** `slow` ends when its gate is opened. */
function createWork(gates: readonly Gate[], begun = new Inbox<number>("handlers that began")) {
  return endpoint("/ws/work", {
    receives: {
      slow: z.object({ gate: z.number() }),
      quick: z.object({}),
      checked: z.object({}).refine(async () => true),
    },
    on: {
      async slow(_, { gate }) {
        begun.put(gate);
        await gates[gate]?.opened;
        return gate;
      },
      quick: () => "quick",
      checked: () => "checked",
    },
  });
}

test("answers come in the order of the messages, however slow a handler and however bad a message", async () => {
  const gates = [createGate(), createGate()];
  await using server = await serve({ endpoints: [createWork(gates)] });
  const client = await dial(`${server.url}/ws/work`);
  client.send({ type: "slow", payload: { gate: 0 }, id: 1 });
  client.sendText("not JSON");
  client.send({ type: "unknown", id: 3 });
  client.send({ type: "checked", id: 4 });
  client.send({ type: "quick", payload: 5, id: 5 });
  client.send({ type: "slow", payload: { gate: 1 }, id: 6 });
  client.send({ type: "quick", id: 7 });
  client.send({ type: "quick", id: {} });
  expect(await client.takeAll()).toEqual([]);
  gates[1]?.open();
  gates[0]?.open();
  const answers = (await client.take(8)).map(({ type, id, payload }) => [
    type,
    id,
    (payload as { code?: string })?.code,
  ]);
  expect(answers).toEqual([
    ["reply", 1, undefined],
    ["error", undefined, "invalid_json"],
    ["error", 3, "unknown_type"],
    ["reply", 4, undefined],
    ["error", 5, "invalid_payload"],
    ["reply", 6, undefined],
    ["reply", 7, undefined],
    ["error", undefined, "invalid_message"],
  ]);
});

test("equal ids are not compared: each message has its answer", async () => {
  await using server = await serve({ endpoints: [createWork([])] });
  const client = await dial(`${server.url}/ws/work`);
  for (let n = 0; n < 3; n += 1) client.send({ type: "quick", id: 1 });
  client.send({ type: "quick", id: "1" });
  expect((await client.take(4)).map(({ id }) => id)).toEqual([1, 1, 1, "1"]);
});

test("`ping` is answered at once while a handler runs, and so is what waits not held up by it", async () => {
  const gate = createGate();
  const begun = new Inbox<number>("handlers that began");
  await using server = await serve({ endpoints: [createWork([gate], begun)] });
  const client = await dial(`${server.url}/ws/work`);
  client.send({ type: "slow", payload: { gate: 0 }, id: 1 });
  await begun.next();
  client.send({ type: "quick", id: 2 });
  client.send({ type: "ping", id: 3 });
  client.sendText("ping");
  client.send({ type: "ping" });
  client.send({ type: "ping", id: "four" });
  client.send({ type: "pong" });
  client.sendText("pong");
  const texts: string[] = [];
  while (texts.length < 4) texts.push(await client.nextText());
  expect(texts).toEqual(['{"type":"pong","id":3}', "pong", '{"type":"pong"}', '{"type":"pong","id":"four"}']);
  gate.open();
  expect(await client.take(2)).toMatchObject([
    { type: "reply", id: 1 },
    { type: "reply", id: 2 },
  ]);
});

test("a `ping` with a bad id is a bad message, in its turn", async () => {
  const gate = createGate();
  await using server = await serve({ endpoints: [createWork([gate])] });
  const client = await dial(`${server.url}/ws/work`);
  client.send({ type: "slow", payload: { gate: 0 }, id: 1 });
  client.send({ type: "ping", id: {} });
  expect(await client.takeAll()).toEqual([]);
  gate.open();
  expect(await client.take(2)).toMatchObject([
    { type: "reply", id: 1 },
    { type: "error", payload: { code: "invalid_message", type: "ping" } },
  ]);
});

test("what a handler sends comes before its reply, and after what was answered before it", async () => {
  const talk = endpoint("/ws/talk", {
    sends: { word: z.object({ n: z.number() }) },
    receives: { count: z.object({ to: z.number() }) },
    on: {
      async count({ connection }, { to }) {
        for (let n = 1; n <= to; n += 1) {
          connection.send("word", { n });
          await Promise.resolve();
        }
        return "done";
      },
    },
  });
  await using server = await serve({ endpoints: [talk] });
  const client = await dial(`${server.url}/ws/talk`);
  client.send({ type: "count", payload: { to: 3 }, id: 1 });
  client.send({ type: "count", payload: { to: 1 }, id: 2 });
  expect(
    (await client.take(6)).map(({ type, id, payload }) => id ?? `${type} ${(payload as { n: number }).n}`),
  ).toEqual(["word 1", "word 2", "word 3", 1, "word 1", 2]);
});

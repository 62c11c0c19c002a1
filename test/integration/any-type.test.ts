import { channel, endpoint } from "tidings";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { findBreaches } from "../asyncapi/rules.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const board = channel("board/:name", {
  events: { cleared: z.object({}), "*": z.object({ x: z.number() }) },
  history: { size: 10, ttl: "1m" },
  allow: { subscribe: true, publish: true },
});
const boards = endpoint("/ws", {
  channels: [board],
  receives: { draw: z.object({}), "*": z.object({ x: z.number() }) },
  on: { draw: () => "by name", "*": (_, { x }, type) => `${type} at ${x}` },
});

describe('"*", which stands for any type', () => {
  test("is handled where no handler has the message's name, and told which it was", async () => {
    await using served = await serve({ endpoints: [boards] });
    const ana = await dial(`${served.url}/ws`);
    ana.send({ type: "draw", id: 1 });
    expect(await ana.next()).toEqual({ type: "reply", id: 1, payload: "by name" });
    ana.send({ type: "move", id: 2, payload: { x: 3 } });
    expect(await ana.next()).toEqual({ type: "reply", id: 2, payload: "move at 3" });
    ana.send({ type: "move", id: 3, payload: { x: "three" } });
    expect(await ana.next()).toMatchObject({ type: "error", id: 3, payload: { code: "invalid_payload" } });
    // What the protocol keeps to itself is not the app's, whatever it takes.
    ana.send({ type: "tidings.later", id: 4, payload: { x: 3 } });
    expect(await ana.next()).toMatchObject({ type: "error", id: 4, payload: { code: "unknown_type" } });
  });

  test("is an event of any name, from clients and from the server", async () => {
    await using served = await serve({ endpoints: [boards] });
    const ana = await dial(`${served.url}/ws`);
    ana.send({ type: "subscribe", payload: { channel: "board/a" } });
    expect(await ana.next()).toMatchObject({ type: "subscribed" });
    await served.app.publish(board({ name: "a" }), "moved", { x: 1 });
    expect(await ana.next()).toEqual({ type: "moved", channel: "board/a", offset: 1, payload: { x: 1 } });
    ana.send({ type: "publish", id: 5, payload: { channel: "board/a", type: "turned", payload: { x: 2 } } });
    expect(await ana.next()).toEqual({ type: "turned", channel: "board/a", offset: 2, payload: { x: 2 } });
    expect(await ana.next()).toMatchObject({ type: "reply", id: 5 });
    ana.send({ type: "publish", id: 6, payload: { channel: "board/a", type: "gap", payload: { x: 2 } } });
    expect(await ana.next()).toMatchObject({ type: "error", id: 6, payload: { code: "unknown_type" } });
    await expect(served.app.publish(board({ name: "a" }), "subscribed", { x: 2 })).rejects.toThrow(TypeError);
    await expect(served.app.publish(board({ name: "a" }), "*", { x: 2 })).rejects.toThrow(TypeError);
  });

  test("is a message of the document", async () => {
    await using served = await serve({ endpoints: [boards] });
    const document = served.app.asyncapi();
    expect(findBreaches(document)).toEqual([]);
    const types = Object.values(document.components?.messages ?? {}).map(({ name }) => name);
    expect(types.filter((name) => name === "any")).toHaveLength(2);
  });
});

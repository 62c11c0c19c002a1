import { deflateRawSync } from "node:zlib";
import { channel, endpoint, rawEndpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { frame, handshakeRequest, opcodes, openRaw, request } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const chat = channel("chat/:room/:topic", { events: {}, allow: { subscribe: true } });
const room = endpoint("/ws/:a/:b/:c", { channels: [chat] });

/** What a pattern that goes back and tries again would take for ever to refuse. */
const paths: readonly (readonly [string, string])[] = [
  ["slashes", "/".repeat(7_000)],
  ["segments", "/a".repeat(3_500)],
  ["one segment", `/ws/${"a".repeat(7_000)}`],
  ["almost what matches, and then not", `/ws/${"a/".repeat(3_400)}!`],
  ["percent signs", `/ws/${"%25".repeat(2_300)}`],
  ["percent signs that mean nothing", `/ws/${"%".repeat(7_000)}`],
  ["dots", `/ws/${"../".repeat(2_300)}`],
];

test.each(paths)("a path of %s is not found, like any other", async (_, path) => {
  await using server = await serve({ endpoints: [room] });
  expect(await request(server.url, handshakeRequest(path))).toMatchObject({ status: 404, body: { code: "not_found" } });
});

test.each(paths)("a channel's name of %s is not found, like any other", async (_, path) => {
  await using server = await serve({ endpoints: [room] });
  const client = await dial(`${server.url}/ws/a/b/c`);
  expect(await client.ask("subscribe", { channel: `chat${path}` })).toMatchObject({ payload: { code: "not_found" } });
});

test("a message that is a thousand times as long inflated is not inflated to its end", async () => {
  const heard: number[] = [];
  const raw = rawEndpoint("/raw", { binary: (_, bytes) => void heard.push(bytes.byteLength) });
  await using server = await serve({ endpoints: [raw], compression: true });
  using client = await openRaw(`${server.url}/raw`, { "sec-websocket-extensions": "permessage-deflate" });
  // 40 MB of nothing, in 40 KB: less than a message may have.
  const bomb = deflateRawSync(Buffer.alloc(40_000_000));
  expect(bomb.length).toBeLessThan(65_536);
  const before = process.memoryUsage().arrayBuffers;
  client.write(frame({ opcode: opcodes.binary, reserved: 4, payload: bomb }));
  expect(await client.nextClose()).toEqual({ code: 1009, reason: "message_too_big" });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  expect(heard).toEqual([]);
});

const numbers = z.array(z.number());
const plot = channel("plot", { events: { points: numbers }, allow: { publish: true } });
const plotting = endpoint("/ws/plotting", {
  channels: [plot],
  receives: { points: numbers },
  on: { points: () => {} },
});

const sayings: readonly (readonly [string, string, (points: unknown) => unknown])[] = [
  ["a message", "points", (points) => points],
  ["a publish", "publish", (points) => ({ channel: "plot", type: "points", payload: points })],
];

test.each(sayings)(
  "%s that does not fit in more than 100 places is a strike, and who goes on with it is closed",
  async (_, type, payloadOf) => {
    await using server = await serve({ endpoints: [plotting], limits: { messages: "100/1s", strikes: "2/60s" } });
    const client = await dial(`${server.url}/ws/plotting`);
    const ask = (misfits: number) => client.ask(type, payloadOf(Array.from({ length: misfits }, () => "x")));
    const misfit = { type: "error", payload: { code: "invalid_payload", issues: { length: 10 } } };
    for (let n = 0; n < 5; n += 1) expect(await ask(100)).toMatchObject(misfit);
    for (let n = 0; n < 2; n += 1) expect(await ask(101)).toMatchObject(misfit);
    // One that is smaller is none.
    expect(await ask(100)).toMatchObject(misfit);
    client.send({ type, payload: payloadOf(Array.from({ length: 10_000 }, () => "x")) });
    expect(await client.closed).toEqual({ code: 1008, reason: "rate_limited" });
  },
);

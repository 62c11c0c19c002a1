import { expect, test } from "vitest";
import { createGate } from "../../test/support/gate.js";
import { RecordingUpgrade, type UpgradeOf } from "../../test/support/recording-upgrade.js";
import { type AnyEndpoint, endpoint, rawEndpoint } from "../declare/endpoint.js";
import type { AppLimits } from "../declare/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { startTestApp } from "../testing/test-app.js";
import { createApp, type TidingsApp } from "./app.js";

const oursOnly = { "sec-websocket-protocol": "tidings.v1" };

/** An app in memory, and what upgrades come to there. */
async function start(endpoints: AnyEndpoint[], limits: AppLimits = {}) {
  const app = createApp({ endpoints, limits }) as TidingsApp; // what createApp makes
  const server = await startTestApp(app);
  const upgrades: RecordingUpgrade[] = [];
  const dial = (given: UpgradeOf) => {
    const upgrade = new RecordingUpgrade(given);
    upgrades.push(upgrade);
    return { upgrade, answered: app.answer(upgrade) };
  };
  return {
    app,
    server,
    dial,
    async ask(given: UpgradeOf) {
      const { upgrade, answered } = dial(given);
      await answered;
      return upgrade;
    },
    /** Every peer answers its close frame, so that nothing is waited for. */
    async [Symbol.asyncDispose]() {
      for (const { listener } of upgrades) listener?.closed(1006, "");
      await server[Symbol.asyncDispose]();
    },
  };
}

test("the first check that fails answers, in the order of the protocol", async () => {
  await using app = await start([endpoint("/ws/:room", { allow: () => false })], { connections: 1 });
  await using second = await start([endpoint("/ws", {})], { connections: 1 });
  await second.ask({ target: "/ws" });
  const wrong = {
    target: "/nowhere",
    method: "POST",
    headers: { "sec-websocket-version": "8", "sec-websocket-key": "x" },
  };
  expect((await second.ask(wrong)).refusal).toBe("upgrade_required");
  const version = { target: "/nowhere", headers: { "sec-websocket-version": "8", "sec-websocket-key": "x" } };
  expect((await second.ask(version)).refusal).toBe("upgrade_required");
  expect((await second.ask({ target: "/nowhere", headers: { "sec-websocket-key": "x" } })).refusal).toBe("bad_request");
  expect((await second.ask({ target: "/nowhere" })).refusal).toBe("overloaded");
  expect((await app.ask({ target: "/nowhere" })).refusal).toBe("not_found");
  expect((await app.ask({ target: "/ws/a?token=1&token=2" })).refusal).toBe("bad_request");
  expect((await app.ask({ target: "/ws/a" })).refusal).toBe("forbidden");
});

test("an app that is closing is draining, before it is anything else", async () => {
  const { open, opened } = createGate();
  await using app = await start([endpoint("/ws", { close: () => opened })], { connections: 1 });
  const { listener } = await app.ask({ target: "/ws" });
  await app.server.clock.advance("1ms");
  const closing = app.app.close();
  await app.server.clock.advance("1ms");
  const { refusal } = await app.ask({ target: "/nowhere" });
  listener?.closed(1001, "going_away");
  open();
  await closing;
  expect(refusal).toBe("draining");
});

test("a check that outlasts the app is refused as draining", async () => {
  const { open, opened } = createGate();
  const slow = endpoint("/slow", { allow: () => opened.then(() => true) });
  const { open: release, opened: released } = createGate();
  await using app = await start([slow, endpoint("/ws", { close: () => released })]);
  const { listener } = await app.ask({ target: "/ws" });
  await app.server.clock.advance("1ms");
  const { upgrade, answered } = app.dial({ target: "/slow" });
  const closing = app.app.close();
  open();
  await answered;
  listener?.closed(1001, "going_away");
  release();
  await closing;
  expect(upgrade.refusal).toBe("draining");
});

test("the last free place is given once, also to those who ask at the same time", async () => {
  const { open, opened } = createGate();
  const slow = endpoint("/slow", { allow: () => opened.then(() => true) });
  await using app = await start([slow], { connections: 2 });
  const dials = [1, 2, 3].map(() => app.dial({ target: "/slow" }));
  open();
  await Promise.all(dials.map(({ answered }) => answered));
  expect(dials.map(({ upgrade }) => upgrade.refusal)).toEqual([undefined, undefined, "overloaded"]);
  expect(app.app.stats()).toMatchObject({ connectionsOpened: 2, handshakesRefused: 1 });
});

test("a place is free again when its connection has ended", async () => {
  await using app = await start([endpoint("/ws", {})], { connections: 1 });
  const first = await app.ask({ target: "/ws" });
  expect((await app.ask({ target: "/ws" })).refusal).toBe("overloaded");
  first.listener?.closed(1006, "");
  await app.server.clock.advance("1ms");
  expect((await app.ask({ target: "/ws" })).refusal).toBeUndefined();
});

test("whoever offers tidings.v1, and whoever an endpoint says, is refused by a close", async () => {
  const own = { closeCodes: { forbidden: 4003 }, allow: () => false };
  await using app = await start([
    endpoint("/plain", own),
    endpoint("/closing", { ...own, refuse: "close", subprotocols: ["mine"] }),
    rawEndpoint("/raw", { allow: () => false }),
  ]);
  expect((await app.ask({ target: "/plain" })).refused).toMatchObject({ status: 403 });
  const ours = await app.ask({ target: "/plain", headers: oursOnly });
  expect(ours.accepted).toMatchObject({ subprotocol: "tidings.v1" });
  expect(ours.socket.asked).toEqual(["close 4003 forbidden"]);
  const closing = await app.ask({ target: "/closing", headers: { "sec-websocket-protocol": "other, mine" } });
  expect(closing.accepted).toMatchObject({ subprotocol: "mine" });
  expect(closing.socket.asked).toEqual(["close 4003 forbidden"]);
  expect((await app.ask({ target: "/raw", headers: oursOnly })).socket.asked).toEqual(["close 1008 forbidden"]);
  expect((await app.ask({ target: "/nowhere", headers: oursOnly })).socket.asked).toEqual(["close 1008 not_found"]);
  const noHandshake = { ...oursOnly, "sec-websocket-version": "8" };
  expect((await app.ask({ target: "/closing", headers: noHandshake })).refused).toMatchObject({ status: 426 });
  expect(app.app.stats()).toMatchObject({ handshakesRefused: 6, connectionsOpened: 0, connections: 0 });
});

test("what is thrown by a check refuses: its own code, or `internal` and a report", async () => {
  const errors: unknown[] = [];
  const throwing = (path: string, error: unknown) =>
    endpoint(path, {
      allow: () => {
        throw error;
      },
    });
  const endpoints = [
    throwing("/own", new TidingsError("sold_out", "Come back.")),
    throwing("/bug", new Error("hunter2")),
  ];
  const app = createApp({ endpoints, onError: (error, at) => errors.push([error, at]) }) as TidingsApp; // what createApp makes
  await using _ = await startTestApp(app);
  const [own, bug] = [new RecordingUpgrade({ target: "/own" }), new RecordingUpgrade({ target: "/bug" })];
  for (const upgrade of [own, bug]) await app.answer(upgrade);
  expect(own.refused).toMatchObject({ status: 403, body: '{"code":"sold_out","message":"Come back."}' });
  expect(bug.refused).toMatchObject({ status: 500 });
  expect(bug.refused?.body).not.toContain("hunter2");
  expect(errors).toEqual([[new Error("hunter2"), { during: "admission", connection: undefined, endpoint: "/bug" }]]);
});

test("a connection is accepted with its endpoint's limits", async () => {
  await using app = await start([endpoint("/ws", { limits: { messageSize: "1kb", fragments: 3 } })], { close: "2s" });
  const { accepted } = await app.ask({ target: "/ws" });
  expect(accepted).toEqual({ subprotocol: undefined, messageSize: 1_024, fragments: 3, closeMs: 2_000 });
});

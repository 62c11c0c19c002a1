import { expect, test } from "vitest";
import { createGate } from "../../test/support/gate.js";
import { RecordingUpgrade, type UpgradeOf } from "../../test/support/recording-upgrade.js";
import { dependency } from "../declare/dependency.js";
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
  expect(upgrade.refusal).toBe("draining");
  await closing;
});

test("whenever the app begins to close, who is at the door is refused as draining, or let in and told so", async () => {
  const ends = new Set<string | undefined>();
  for (let turns = 0; turns < 10; turns += 1) {
    const { open, opened } = createGate();
    await using app = await start([endpoint("/ws", { allow: () => opened.then(() => true) })]);
    const { upgrade, answered } = app.dial({ target: "/ws" });
    await app.server.clock.advance("1ms");
    open();
    for (let turn = 0; turn < turns; turn += 1) await undefined;
    const closing = app.app.close();
    await answered;
    await app.server.clock.advance("1ms");
    ends.add(upgrade.refusal ?? "in");
    upgrade.listener?.closed(1001, "going_away");
    await closing;
  }
  expect([...ends]).toEqual(["draining", "going_away"]);
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
  expect(accepted).toEqual({
    subprotocol: undefined,
    compression: false,
    messageSize: 1_024,
    fragments: 3,
    closeMs: 2_000,
  });
});

test("an address has as many places as the limit says, and a refused one takes none", async () => {
  await using app = await start([endpoint("/ws/:room", { allow: ({ params }) => params.room !== "closed" })], {
    connectionsPerAddress: 2,
  });
  const ask = (target: string, address: string) => app.ask({ target, address });
  expect((await ask("/ws/closed", "2001:db8::1")).refusal).toBe("forbidden");
  expect((await ask("/nowhere", "2001:db8::1")).refusal).toBe("not_found");
  const first = await ask("/ws/a", "2001:db8::1");
  expect([first.refusal, (await ask("/ws/a", "2001:db8::2")).refusal]).toEqual([undefined, undefined]);
  expect((await ask("/ws/a", "2001:db8::3")).refusal).toBe("too_many_connections");
  expect((await ask("/ws/a", "2001:db8:0:1::3")).refusal).toBeUndefined();
  for (const _ of [1, 2, 3]) expect((await ask("/ws/a", "127.0.0.1")).refusal).toBeUndefined();
  first.listener?.closed(1006, "");
  await app.server.clock.advance("1ms");
  expect((await ask("/ws/a", "2001:db8::3")).refusal).toBeUndefined();
});

test("who is refused by a close is no connection, but at the door until its socket is gone; a full door refuses by HTTP", async () => {
  await using app = await start([endpoint("/ws", { allow: () => false })], { pending: 2, connections: 1 });
  const refused = [];
  for (const _ of [1, 2]) refused.push(await app.ask({ target: "/ws", headers: oursOnly }));
  expect(refused.map(({ socket }) => socket.asked)).toEqual([["close 1008 forbidden"], ["close 1008 forbidden"]]);
  expect(app.app.stats().pending).toBe(2);
  const tooMany = await app.ask({ target: "/ws", headers: oursOnly });
  expect(tooMany.refused).toMatchObject({ status: 503 });
  expect(tooMany.refusal).toBe("overloaded");
  expect(tooMany.accepted).toBeUndefined();
  refused[0]?.listener?.closed(1008, "forbidden");
  expect(app.app.stats().pending).toBe(1);
  expect((await app.ask({ target: "/ws" })).refusal).toBe("forbidden");
  expect(app.app.stats().pending).toBe(1);
});

test("what is no WebSocket handshake takes no place at the door", async () => {
  await using app = await start([endpoint("/ws", {})], { pending: 1 });
  const { open, opened } = createGate();
  await using slow = await start([endpoint("/slow", { allow: () => opened.then(() => true) })], { pending: 1 });
  for (const _ of [1, 2]) {
    expect((await app.ask({ target: "/ws", headers: { "sec-websocket-version": "8" } })).refusal).toBe(
      "upgrade_required",
    );
  }
  expect(app.app.stats().pending).toBe(0);
  const { answered } = slow.dial({ target: "/slow" });
  await slow.server.clock.advance("1ms");
  expect(slow.app.stats().pending).toBe(1);
  expect((await slow.ask({ target: "/slow", method: "POST" })).refusal).toBe("upgrade_required");
  expect((await slow.ask({ target: "/slow" })).refusal).toBe("overloaded");
  open();
  await answered;
});

test("what was made for somebody who is refused is disposed of: the refusal does not wait for it, the app's end does", async () => {
  const { open, opened } = createGate();
  const steps: string[] = [];
  const account = dependency({
    create: () => "account",
    async dispose() {
      steps.push("dispose");
      await opened;
      steps.push("disposed");
    },
  });
  await using app = await start([endpoint("/ws", { needs: { account }, allow: () => false })]);
  using _ = { [Symbol.dispose]: open };
  const { upgrade } = app.dial({ target: "/ws" });
  await app.server.clock.advance("1ms");
  expect(steps).toEqual(["dispose"]);
  expect(upgrade.refusal).toBe("forbidden");
  const closing = app.app.close().then(() => steps.push("closed"));
  await app.server.clock.advance("1ms");
  expect(steps).toEqual(["dispose"]);
  open();
  await closing;
  expect(steps).toEqual(["dispose", "disposed", "closed"]);
});

test("somebody who has hung up meanwhile leaves nothing: no place, no value, and no handler runs", async () => {
  const steps: string[] = [];
  const account = dependency({ create: () => steps.push("make"), dispose: () => steps.push("dispose") });
  const run = (name: string) => () => steps.push(name);
  const gone = endpoint("/ws", { needs: { account }, open: run("open"), close: run("close") });
  await using app = await start([gone, endpoint("/no", { allow: () => false, refuse: "close" })], {
    connections: 1,
    connectionsPerAddress: 1,
    pending: 1,
  });
  for (const target of ["/ws", "/no", "/ws"]) {
    const upgrade = new RecordingUpgrade({ target, address: "203.0.113.7" });
    upgrade.accept = () => undefined as never; // as a transport does whose peer is gone
    await app.app.answer(upgrade);
    await app.server.clock.advance("1ms");
  }
  expect(steps).toEqual(["make", "dispose", "make", "dispose"]);
  expect(app.app.stats()).toMatchObject({ pending: 0, connections: 0, connectionsOpened: 0 });
  expect((await app.ask({ target: "/ws", address: "203.0.113.7" })).refusal).toBeUndefined();
});

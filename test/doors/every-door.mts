// Has every door as ES modules do, uses each, prints its name, and ends by itself.
import assert from "node:assert/strict";
import { createElement } from "react";
import { ConfigError, createApp, endpoint, TidingsError } from "tidings";
import { firstOf } from "tidings/auth";
import { connect } from "tidings/client";
import { otel } from "tidings/otel";
import { parseMessage } from "tidings/protocol";
import { TidingsProvider } from "tidings/react";
import { redis } from "tidings/redis";
import { cancelTask } from "tidings/tasks";
import { startTestApp } from "tidings/testing";
import { app, type room, user } from "./room.js";

const uses: Readonly<Record<string, () => unknown>> = {
  async tidings() {
    const wall = endpoint("/ws", {
      auth: firstOf(user),
      open: ({ connection }) => connection.close(4001, "not today"),
    });
    const served = createApp({ endpoints: [wall], log: { level: "silent" } });
    const { url } = await served.listen(0);
    assert.deepEqual(await connect<typeof wall>(`${url}/ws`, { token: "a stranger's" }).closed, {
      code: 1008,
      reason: "unauthorized",
    });
    await served.close();
  },
  async "tidings/auth"() {
    const refused = startTestApp(app).then(async (server) => {
      await using _ = server;
      await server.connect("/ws/rooms/lobby", { as: "plain" });
    });
    await assert.rejects(refused, { status: 401, code: "unauthorized" });
  },
  async "tidings/client"() {
    const nobody = connect<typeof room>("http://127.0.0.1:1/ws/rooms/lobby");
    nobody.close();
    assert.deepEqual(await nobody.closed, { code: 1000, reason: "" });
  },
  "tidings/otel": () => assert.equal(typeof otel().start, "function"),
  "tidings/protocol"() {
    const message = parseMessage('{"type":"say","payload":{"text":"hi"},"id":1}');
    assert.ok(!("error" in message));
    assert.equal(message.type, "say");
  },
  "tidings/react"() {
    const dial = () => connect<typeof room>("http://127.0.0.1:1/ws/rooms/lobby");
    assert.equal(createElement(TidingsProvider, { connect: dial }).type, TidingsProvider);
  },
  "tidings/redis": () =>
    assert.rejects(
      createApp({ endpoints: [], broker: redis({}) }).listen(0),
      (error) => error instanceof ConfigError && error.code === "missing_redis",
    ),
  async "tidings/tasks"() {
    await using server = await startTestApp(app, { override: [[user, ({ token }) => ({ id: token, sub: token })]] });
    const ana = server.client<typeof room>("/ws/rooms/lobby", { token: "ana" });
    const id = await ana.request("count", {});
    assert.equal(await ana.tasks.done(id), 3);
    assert.equal(await cancelTask(server.app, "ana", id), false);
  },
  async "tidings/testing"() {
    await using server = await startTestApp(app, { override: [[user, ({ token }) => ({ id: token, sub: token })]] });
    const ana = await server.connect<typeof room>("/ws/rooms/lobby", { token: "ana" });
    assert.deepEqual(await ana.request("say", { text: "hi" }), { length: 2 });
    assert.deepEqual(await ana.next("said"), { text: "hi" });
    // Whatever of the others is not fit is the client's fault, told by the same class.
    await assert.rejects(ana.request("say", { text: 1 as never }), TidingsError);
  },
};

for (const [door, use] of Object.entries(uses)) {
  await use();
  console.log(door);
}

// Has every door by `require`, uses each, prints its name, and ends by itself. What it has is what `import` gives.
import assert = require("node:assert/strict");
import react = require("react");
import tidings = require("tidings");
import auth = require("tidings/auth");
import client = require("tidings/client");
import otel = require("tidings/otel");
import protocol = require("tidings/protocol");
import hooks = require("tidings/react");
import redis = require("tidings/redis");
import tasks = require("tidings/tasks");
import testing = require("tidings/testing");
import v = require("valibot");

const user = auth.bearer({ verify: (token) => ({ id: token }) });
const jobs = tidings.endpoint("/ws", {
  auth: user,
  channels: [tasks.tasks],
  open: ({ connection, user }) => connection.join(tasks.tasks({ user: user.id })),
  receives: { count: v.object({}) },
  on: { count: ({ app, user }) => tasks.startTask(app, user.id, () => 3) },
});
const app = tidings.createApp({ endpoints: [jobs], tracing: otel.otel(), log: { level: "error" } });

const uses: Readonly<Record<string, () => unknown>> = {
  async tidings() {
    const { url } = await app.listen(0);
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    await app.close();
  },
  "tidings/auth": () => assert.throws(() => auth.basicAuth({ users: {} }), tidings.ConfigError),
  async "tidings/client"() {
    const nobody = client.connect<typeof jobs>("http://127.0.0.1:1/ws");
    nobody.close();
    assert.deepEqual(await nobody.closed, { code: 1000, reason: "" });
  },
  "tidings/otel": () => assert.equal(typeof otel.otel().start, "function"),
  "tidings/protocol": () => assert.equal(protocol.closeCodes.goingAway.code, 1001),
  "tidings/react"() {
    const dial = () => client.connect<typeof jobs>("http://127.0.0.1:1/ws");
    assert.equal(react.createElement(hooks.TidingsProvider, { connect: dial }).type, hooks.TidingsProvider);
  },
  "tidings/redis": () => assert.throws(() => redis.redis({ prefix: "" }), tidings.ConfigError),
  async "tidings/tasks"() {
    await using server = await testing.startTestApp(app, { override: [[user, ({ token }) => ({ id: token })]] });
    const ana = server.client<typeof jobs>("/ws", { token: "ana" });
    assert.equal(await ana.tasks.done(await ana.request("count", {})), 3);
  },
  async "tidings/testing"() {
    const { startTestApp } = await import("tidings/testing");
    assert.equal(testing.startTestApp, startTestApp);
  },
};

async function main(): Promise<void> {
  for (const [door, use] of Object.entries(uses)) {
    await use();
    console.log(door);
  }
}

void main();

import { expect, test } from "vitest";
import { LogRecorder } from "../../test/support/log-recorder.js";
import { silentLogger } from "../base/logger.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { logSteps } from "./log-steps.js";
import type { Tracing, TracingSource } from "./observe.js";

const message = { endpoint: "/ws", type: "say", connection: "c1", trace: "00-1-2-01" };
const event = { channel: "chat/:room", type: "said" };

function open(next?: TracingSource) {
  const recorder = new LogRecorder();
  return { recorder, tracing: logSteps(recorder, next).start(() => {}) };
}

test("a message and a publish are a line each, with how long they took, and without what is in them", () => {
  const { recorder, tracing } = open();
  expect(tracing.message(message, () => "reply")).toBe("reply");
  expect(tracing.publish(event, () => 7)).toBe(7);
  const durationMs = expect.any(Number);
  expect(recorder.lines).toEqual([
    {
      level: "debug",
      message: "message",
      fields: { event: "message", type: "say", endpoint: "/ws", connection: "c1", durationMs },
    },
    {
      level: "debug",
      message: "publish",
      fields: { event: "publish", type: "said", channel: "chat/:room", durationMs },
    },
  ]);
});

test("a handshake is told before it is answered, a delivery not at all", async () => {
  const { recorder, tracing } = open();
  await tracing.handshake({ endpoint: "/ws", address: "::1", trace: undefined }, async () => undefined);
  let delivered = 0;
  tracing.delivery({ ...event, trace: "t", offset: 1, listeners: 1 }, () => {
    delivered += 1;
  });
  expect(delivered).toBe(1);
  expect(recorder.lines.map(({ fields }) => fields)).toEqual([{ event: "handshake", endpoint: "/ws", address: "::1" }]);
});

test.each<[string, unknown, string]>([
  ["a TidingsError", new TidingsError("forbidden", "of a secret"), "forbidden"],
  ["any error", new Error("of a secret"), "internal"],
  ["nothing", undefined, "internal"],
])("what fails with %s goes on as it is, and is told by its code alone", async (_, error, failed) => {
  const { recorder, tracing } = open();
  const thrown = () => {
    throw error;
  };
  const thrownByIt = (() => {
    try {
      return { value: tracing.message(message, thrown) };
    } catch (caught) {
      return { caught };
    }
  })();
  expect(thrownByIt).toEqual({ caught: error });
  const rejected = Promise.reject(error);
  expect(tracing.message(message, () => rejected)).toBe(rejected);
  await rejected.catch(() => {});
  expect(recorder.lines.map(({ fields }) => fields.failed)).toEqual([failed, failed]);
  expect(JSON.stringify(recorder.lines)).not.toContain("secret");
});

test("who followed before goes on following, with the same trace", async () => {
  const followed: string[] = [];
  const next: Tracing = {
    handshake: (_what, answer) => answer(),
    message: ({ trace }, handle) => {
      followed.push(`message ${trace}`);
      return handle();
    },
    publish: (_what, publish) => publish("its trace"),
    delivery: (_what, deliver) => {
      followed.push("delivery");
      deliver();
    },
  };
  const { tracing } = open({ start: () => next });
  tracing.message(message, () => {});
  expect(tracing.publish(event, (trace) => trace)).toBe("its trace");
  tracing.delivery({ ...event, trace: "t", offset: 1, listeners: 1 }, () => {});
  await tracing.handshake({ endpoint: "/ws", address: "::1", trace: undefined }, async () => undefined);
  expect(followed).toEqual(["message 00-1-2-01", "delivery"]);
});

test("a logger that throws ends nothing", () => {
  const debug = () => {
    throw new Error("full");
  };
  const tracing = logSteps({ ...silentLogger, debug }, undefined).start(() => {});
  expect(tracing.message(message, () => 1)).toBe(1);
});

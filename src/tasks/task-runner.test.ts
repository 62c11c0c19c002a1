import { expect, test } from "vitest";
import { createGate } from "../../test/support/gate.js";
import type { AppHost } from "../declare/app.js";
import type { ProcessView } from "../declare/process-view.js";
import { defaultLimits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { FakeClock, settle } from "../testing/fake-clock.js";
import { TaskRunner } from "./task-runner.js";

/** A runner of an app that closes when it is told to, and whose broker can be away. */
function createRunner() {
  const clock = new FakeClock();
  const closings: (() => Promise<unknown>)[] = [];
  const host: AppHost = {
    clock,
    createId: () => "t1",
    limits: { ...defaultLimits, close: 5_000 },
    view: {} as ProcessView, // not looked at
    read: () => Promise.reject(new Error("Nobody reads here.")),
    notify: () => Promise.resolve(),
    onNotice: () => {},
    onClosing: (run) => void closings.push(run),
    watch: (_, call) => call(),
    report: () => {},
  };
  const broker = { isAway: false };
  const asked: string[] = [];
  const runner = new TaskRunner(host, async (_, { type }) => {
    asked.push(type);
    if (broker.isAway) throw new TidingsError("unavailable");
  });
  return { runner, clock, broker, asked, close: () => Promise.all(closings.map((run) => run())) };
}

test("an end that can't be told is tried again until the app has closed, and then no more", async () => {
  const { runner, clock, broker, asked, close } = createRunner();
  const [begun, gate] = [createGate(), createGate()];
  const work = () => {
    begun.open();
    return gate.opened;
  };
  await runner.start({ user: "ana", work, name: undefined, id: undefined, where: "here" });
  await begun.opened;
  expect(asked).toEqual(["task_queued", "task_started"]);
  broker.isAway = true;
  const closed = close();
  await clock.advance("10s");
  await closed;
  const tried = asked.length;
  expect(tried).toBeGreaterThan(4);
  await clock.advance("1s");
  gate.open();
  await settle();
  expect(clock.size).toBe(0);
  expect(asked).toHaveLength(tried);
});

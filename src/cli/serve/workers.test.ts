import { expect, test } from "vitest";
import { LogRecorder } from "../../../test/support/log-recorder.js";
import { ofWorker, superviseWorkers } from "./workers.js";

test("each worker has a port of its own for what it counts; on the shared one that is not served", () => {
  expect(ofWorker({ http: { port: 9_100, dashboard: true } }, 2)).toEqual({ http: { port: 9_102, dashboard: true } });
  expect(ofWorker({ http: { port: 0 } }, 2)).toEqual({ http: { port: 0 } });
  expect(ofWorker({ port: 1, http: { metrics: true } }, 0)).toEqual({ port: 1, http: { metrics: false } });
  expect(ofWorker({}, 1)).toEqual({ http: { metrics: false } });
});

test("processes that don't know each other are not started", async () => {
  const supervision = { count: 3, logger: new LogRecorder(), tell: () => {} };
  await expect(superviseWorkers({}, supervision)).rejects.toMatchObject({
    code: "workers_without_redis",
    fix: expect.stringContaining("TIDINGS_REDIS_URL"),
  });
});

import { createApp } from "tidings";
import { redis } from "tidings/redis";
import { reportTask } from "tidings/tasks";

// A job of another process, which nobody connects to: it tells all devices of Ana how far it is.
const app = createApp({ endpoints: [], broker: redis({ url: process.env.REDIS_URL }) });
await reportTask(app, "ana", "nightly", { status: "queued", name: "nightly" });
await reportTask(app, "ana", "nightly", { status: "started" });
await reportTask(app, "ana", "nightly", { progress: 50, message: "half way" });
await reportTask(app, "ana", "nightly", { result: { rows: 1200 } });
await app.close();

/** An app that takes requests over Redis, and dies of one event: of `fatal`, while it is being published. */
import { createApp } from "tidings";
import { redis } from "tidings/redis";
import { apiApp } from "../../support/api-app.js";
import { fatalDesk } from "../../support/fatal-desk.js";

const { REDIS_URL = "", PREFIX = "" } = process.env;
const desk = fatalDesk(() => process.kill(process.pid, "SIGKILL"));
const broker = redis({ url: REDIS_URL, prefix: PREFIX, requests: true, lease: "1s" });
const app = createApp(apiApp({ endpoints: [desk], broker }));
await app.listen(0);
console.log("ready");

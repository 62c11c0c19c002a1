import { createApp, rawEndpoint } from "tidings";
import { redis } from "tidings/redis";

// Starts an app whose Redis can't be used, says why not, and has nothing left to do then.

const echo = rawEndpoint("/ws/echo", { text: ({ connection }, text) => void connection.send(text) });
const broker = redis({ url: process.env.REDIS_URL, timeout: "300ms" });
const app = createApp({ endpoints: [echo], broker });
await app.listen(0).then(
  ({ url }) => console.log(`listening on ${url}`),
  (error: Error) => console.log(error.message),
);

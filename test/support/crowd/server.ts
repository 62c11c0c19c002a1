import { createApp, endpoint } from "tidings";

// A server at `PORT` that logs as an app does by itself, and tells when it exits how often `close` was run.

let closes = 0;

const room = endpoint("/ws/room", {
  async close() {
    await undefined;
    closes += 1;
  },
});

const app = createApp({ endpoints: [room], drain: { reconnectWithin: "200ms" } });
process.on("exit", () => console.log(`close was run ${closes} times`));
const { url } = await app.listen(Number(process.env.PORT ?? "0"));
console.log(`listening on ${url}`);

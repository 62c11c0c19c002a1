// `ws` and node-redis, by hand: what is said is published, and what is heard goes to everyone in the room.
import { createClient } from "redis";
import { createWsServer } from "./ws-server.mjs";

const publisher = createClient({ url: process.env.BENCH_REDIS });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

createWsServer({
  read: JSON.parse,
  relay: {
    publish: (room, text) => publisher.publish(room, text),
    subscribe: (room, hear) => subscriber.subscribe(room, hear),
  },
});

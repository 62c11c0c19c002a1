// Socket.IO and its Redis adapter over pub/sub, as its documentation shows it.
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { startSocketIo } from "./socket.io-server.mjs";

const publisher = createClient({ url: process.env.BENCH_REDIS });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);
startSocketIo({ adapter: createAdapter(publisher, subscriber) });

// Socket.IO and its adapter over a Redis stream, as its documentation shows it.
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";
import { startSocketIo } from "./socket.io-server.mjs";

const client = createClient({ url: process.env.BENCH_REDIS });
await client.connect();
startSocketIo({ adapter: createAdapter(client) });

import { startRedis } from "../../support/redis/redis-server.js";

// Starts a Redis, prints its address, and never disposes of it.

const redis = await startRedis();
console.log(redis.url);
process.on("SIGTERM", () => process.exit(0));

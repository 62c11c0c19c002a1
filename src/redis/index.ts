export type { Broker } from "../broker/broker.js";
export { type RedisOptions, redis } from "./redis-broker.js";

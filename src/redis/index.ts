/**
 * The broker for many processes: all with the same Redis are one app.
 *
 * @module tidings/redis
 */
export type { Broker } from "../broker/broker.js";
export { type RedisOptions, redis } from "./redis-broker.js";

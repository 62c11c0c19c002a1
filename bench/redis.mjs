import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ServerProcess } from "./child.mjs";

const station = { command: [process.execPath, fileURLToPath(new URL("servers/redis.mjs", import.meta.url))] };

/** Starts a Redis server of a run's own, empty and without persistence, on a free port. */
export function startRedis(core) {
  return ServerProcess.start(station, { core });
}

/** Such as `redis-server 7.0.15`; undefined: it is not installed. */
export function redisVersion() {
  try {
    const text = execFileSync("redis-server", ["--version"], { encoding: "utf8", timeout: 10_000 });
    return `redis-server ${/v=([\d.]+)/.exec(text)?.[1] ?? "(of no known release)"}`;
  } catch {
    return undefined;
  }
}

/** Why a row that goes through Redis can't be measured here. */
export function redisMissing() {
  return redisVersion() === undefined ? "not measured: redis-server is not installed" : undefined;
}

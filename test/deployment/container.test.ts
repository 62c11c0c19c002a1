import { validate } from "dockerfile-utils";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { durationMs } from "../../src/base/duration.js";
import { freePort } from "../support/redis/free-port.js";
import { readRepositoryFile } from "../support/repository.js";
import { secret } from "../support/tokens.js";
import { readImage } from "./dockerfile.js";
import { withFolder } from "./folder.js";
import { ForeignProgram } from "./foreign-program.js";
import { installedCommand, neededToEndMs, unreadVariables, variablesIn } from "./settings.js";
import { runInstalled } from "./tidings-command.js";

const dockerfile = readRepositoryFile("deploy/Dockerfile");
const compose = readRepositoryFile("deploy/compose.yaml");

test("Docker's own rules have nothing to say of the Dockerfile", () => {
  expect(validate(dockerfile)).toEqual([]);
  // As it would of one that is not right.
  expect(validate(`${dockerfile}\nCMD npm start`)).not.toEqual([]);
});

test("the image is nobody's but Tidings': not root's, on its port, ended by its signal", () => {
  const { env, user, port, stopSignal, command } = readImage();
  expect({ user, stopSignal, port: env.TIDINGS_PORT }).toEqual({ user: "node", stopSignal: "SIGTERM", port });
  expect(env).toMatchObject({ NODE_ENV: "production", TIDINGS_HOST: "0.0.0.0" });
  expect(command).toEqual(["node", installedCommand(), "serve"]);
  expect(unreadVariables(Object.keys(env))).toEqual([]);
});

test("what the image runs answers its own health check, and ends with 0 at its signal", async () => {
  const { env, command, healthCheck } = readImage();
  const [node = "", ...args] = healthCheck;
  await withFolder(async (cwd, write) => {
    write("tidings.config.json", readRepositoryFile("deploy/kubernetes/tidings.config.json"));
    const here = {
      ...env,
      TIDINGS_HOST: "127.0.0.1",
      TIDINGS_PORT: String(await freePort()),
      TIDINGS_JWT_SECRET: secret,
    };
    await using served = runInstalled(command, { cwd, env: here });
    await served.line(/^Tidings listens at /);
    await using check = new ForeignProgram(node, args, { env: here });
    expect(await check.exit()).toBe(0);
    expect(await served.stop("SIGTERM")).toBe(0);
    await using late = new ForeignProgram(node, args, { env: here });
    expect(await late.exit()).toBe(1);
  });
});

test("compose.yaml sets what Tidings reads, waits for Redis, and gives it the time to end", () => {
  const { services, volumes } = parse(compose);
  const { tidings, redis } = services;
  expect(unreadVariables(variablesIn(compose))).toEqual([]);
  expect(tidings.ports).toEqual([`127.0.0.1:8000:${readImage().port}`]);
  expect(durationMs(tidings.stop_grace_period)).toBeGreaterThanOrEqual(neededToEndMs());
  expect(tidings.depends_on).toEqual({ redis: { condition: "service_healthy" } });
  expect(redis.healthcheck.test).toEqual(["CMD", "redis-cli", "ping"]);
  expect(new URL(tidings.environment.TIDINGS_REDIS_URL)).toMatchObject({ hostname: "redis", port: "6379" });
  expect(Object.keys(volumes)).toEqual(redis.volumes.map((mount: string) => mount.split(":")[0]));
  for (const name of ["TIDINGS_JWT_SECRET", "TIDINGS_HTTP_API_KEYS"]) {
    expect(tidings.environment[name], "it is asked for, and in no file").toMatch(`\${${name}:?`);
  }
});

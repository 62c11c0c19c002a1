import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { validate } from "dockerfile-utils";
import { createApp, endpoint } from "tidings";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { durationMs } from "../../src/base/duration.js";
import { otherTlsCertificate } from "../conformance/tls-certificate.js";
import { LogRecorder } from "../support/log-recorder.js";
import { freePort } from "../support/redis/free-port.js";
import { readRepositoryFile } from "../support/repository.js";
import { dial } from "../support/ws-client.js";
import { startNginxBefore } from "./reverse-proxy.js";
import { neededToEndMs, unreadVariables, variablesIn } from "./settings.js";

const dockerfile = readRepositoryFile("deploy/three/Dockerfile");
const compose = readRepositoryFile("deploy/three/compose.yaml");

test("of three behind nginx one answers, though another is gone and a third is not ready", async () => {
  const where = endpoint("/ws/where", {});
  await using app = createApp({ endpoints: [where], logger: new LogRecorder(), trustProxy: ["127.0.0.1"] });
  const { port } = await app.listen(0);
  const asked: (string | undefined)[] = [];
  const unready = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(503).end();
  }).listen(0, "127.0.0.1");
  await once(unready, "listening");
  const { port: unreadyPort } = unready.address() as AddressInfo; // it listens by TCP
  await using nginx = await startNginxBefore([await freePort(), unreadyPort, port]);
  const tls = { ca: otherTlsCertificate.cert, servername: "localhost" };
  for (let each = 0; each < 6; each += 1) {
    const client = await dial(`${nginx.url}/ws/where`, { tls });
    client.close();
    await client.closed;
  }
  expect(asked).toContain("/ws/where");
  unready.close();
});

test("the image is made of what `tidings create` begins, and is told to end by its signal", () => {
  expect(validate(dockerfile)).toEqual([]);
  expect(unreadVariables(variablesIn(dockerfile))).toEqual([]);
  const { scripts } = JSON.parse(readRepositoryFile("templates/app/package.json"));
  const { compilerOptions } = JSON.parse(readRepositoryFile("templates/app/tsconfig.build.json"));
  expect(dockerfile).toMatch("RUN npm run build ");
  expect(scripts.build).toBe("tsc -p tsconfig.build.json");
  expect(dockerfile).toMatch(`CMD ["node", "${compilerOptions.outDir}/main.js"]`);
  const [, ready] = readRepositoryFile("deploy/Dockerfile").split("HEALTHCHECK");
  expect(dockerfile).toContain(`HEALTHCHECK${ready?.slice(0, ready.indexOf("# Not by npm"))}`);
});

test("compose.yaml starts three, gives each the time to end, and is as the smaller one where it can be", () => {
  const { app, proxy, redis } = parse(compose).services;
  const one = parse(readRepositoryFile("deploy/compose.yaml")).services;
  expect(unreadVariables(variablesIn(compose))).toEqual([]);
  expect(app.deploy).toEqual({ replicas: 3 });
  expect(app.ports).toBeUndefined();
  expect(durationMs(app.stop_grace_period)).toBeGreaterThanOrEqual(neededToEndMs());
  expect(app.ulimits).toEqual(one.tidings.ulimits);
  expect(redis).toEqual(one.redis);
  expect(proxy.volumes[0]).toBe("./nginx.conf:/etc/nginx/conf.d/default.conf:ro");
  expect(readRepositoryFile("deploy/three/nginx.conf")).toContain("server app:8000 ");
});

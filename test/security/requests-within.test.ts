import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { makeApp } from "../../src/cli/serve/served-app.js";
import { LogRecorder } from "../support/log-recorder.js";
import { secret, signToken } from "../support/tokens.js";
import { dialRefused } from "../support/ws-client.js";

test.each([301, 302, 303, 307, 308])(
  "a webhook that is answered with a redirect asks nobody else (%i)",
  async (status) => {
    const asked: string[] = [];
    const backend = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(status, { location: "/within" }).end();
    });
    await new Promise<void>((resolve) => void backend.listen(0, "127.0.0.1", resolve));
    const { port } = backend.address() as AddressInfo; // it listens
    const webhooks = { url: `http://127.0.0.1:${port}/hooks`, secret: "s".repeat(32), hooks: ["connect" as const] };
    const app = await makeApp({ jwt: { secret }, webhooks }, new LogRecorder());
    const { url } = await app.listen(0, { signals: [] });
    try {
      expect(await dialRefused(`${url}/ws`, { token: signToken({ sub: "ana" }) })).toMatchObject({ status: 503 });
      expect(asked).toEqual(["POST /hooks"]);
    } finally {
      await app.close();
      backend.close();
    }
  },
);

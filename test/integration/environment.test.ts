import { ConfigError, createApp, endpoint } from "tidings";
import { startTestApp } from "tidings/testing";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { LogRecorder } from "../support/log-recorder.js";
import { serve } from "../support/served-app.js";
import { dial, dialRefused } from "../support/ws-client.js";

const say = { receives: { say: z.object({}) }, on: { say() {} } };
const lobby = endpoint("/lobby", say);

afterEach(() => {
  vi.unstubAllEnvs();
});

test("without a port and a host an app listens where the environment says", async () => {
  vi.stubEnv("TIDINGS_PORT", "0");
  vi.stubEnv("TIDINGS_HOST", "127.0.0.2");
  await using app = createApp({ endpoints: [lobby], logger: new LogRecorder() });
  const { url, host, port } = await app.listen();
  expect({ url, host }).toEqual({ url: `http://127.0.0.2:${port}`, host: "127.0.0.2" });
  await dial(`${url}/lobby`);
  expect(await app.listen(0, { host: "127.0.0.1" })).toMatchObject({ host: "127.0.0.1" });
});

test("a limit of the environment holds where neither the app nor the endpoint has one", async () => {
  vi.stubEnv("TIDINGS_LIMITS_MESSAGES", "1/60s");
  const lax = endpoint("/lax", { ...say, limits: { messages: "2/60s" } });
  await using server = await serve({ endpoints: [lobby, lax] });
  await using own = await serve({ endpoints: [lobby], limits: { messages: "2/60s", outbox: "1mb" } });
  expect(await answers(`${server.url}/lobby`)).toEqual(["reply", "error"]);
  expect(await answers(`${server.url}/lax`)).toEqual(["reply", "reply"]);
  expect(await answers(`${own.url}/lobby`)).toEqual(["reply", "reply"]);
});

test("origins of the environment are those that may connect, unless code names its own", async () => {
  vi.stubEnv("TIDINGS_ORIGINS", "https://app.example");
  const headers = { origin: "https://app.example" };
  await using server = await serve({ endpoints: [lobby] });
  await using closed = await serve({ endpoints: [lobby], origins: [] });
  await dial(`${server.url}/lobby`, { headers });
  expect(await dialRefused(`${server.url}/lobby`, { headers: { origin: "https://b.example" } })).toMatchObject({
    status: 403,
  });
  expect(await dialRefused(`${closed.url}/lobby`, { headers })).toMatchObject({ status: 403 });
});

test("a value that can't be is told by its variable, as often as the app is to start, and a mended one is taken", async () => {
  vi.stubEnv("TIDINGS_LIMITS_OUTBOX", "plenty");
  await using app = createApp({ endpoints: [lobby], logger: new LogRecorder() });
  for (let times = 0; times < 2; times += 1) {
    await expect(app.listen(0)).rejects.toThrow(ConfigError);
    await expect(app.listen(0)).rejects.toThrow('TIDINGS_LIMITS_OUTBOX is "plenty", which is no size.');
  }
  expect(() => app["~warnings"]()).toThrow("TIDINGS_LIMITS_OUTBOX");
  vi.stubEnv("TIDINGS_LIMITS_OUTBOX", "1mb");
  const { url } = await app.listen(0);
  expect(await answers(`${url}/lobby`)).toEqual(["reply", "reply"]);
});

test.each([
  ["TIDINGS_LIMITS_OUTBOX", "plenty"],
  ["TIDINGS_ORIGINS", "app.example"],
  ["TIDINGS_LIMITS_PENDING", "0"],
  ["TIDINGS_HTTP_API_KEYS", "short"],
])("a test runs whatever the environment says, be it what can't be: %s", async (name, value) => {
  vi.stubEnv(name, value);
  const app = createApp({ endpoints: [lobby], logger: new LogRecorder() });
  {
    await using tested = await startTestApp(app);
    const client = await tested.connect<typeof lobby>("/lobby");
    await client.request("say", {});
  }
  await expect(app.listen(0)).rejects.toThrow(ConfigError);
});

test("what code gives that can't be is told when the app is made, whatever the environment says", () => {
  vi.stubEnv("TIDINGS_LIMITS_OUTBOX", "plenty");
  expect(() => createApp({ endpoints: [lobby], origins: ["app.example"] })).toThrow("app.example");
});

test("a variable that nobody reads is warned of, with the one that was meant; those of the command are not", async () => {
  vi.stubEnv("TIDINGS_LIMITS_OUTBOKS", "1mb");
  vi.stubEnv("TIDINGS_JWT_SECRET", "of tidings serve");
  vi.stubEnv("TIDINGS_REDIS_URL", "redis://127.0.0.1");
  await using server = await serve({ endpoints: [lobby] });
  const warnings = server.log.lines.filter(({ fields }) => fields.event === "warning");
  expect(warnings.map(({ fields }) => fields)).toEqual([
    {
      event: "warning",
      code: "unknown_variable",
      message: "The environment has TIDINGS_LIMITS_OUTBOKS, which nobody reads.",
      fix: "Did you mean TIDINGS_LIMITS_OUTBOX?",
    },
  ]);
});

test("a test is not moved by the environment of who runs it; what listens afterwards is", async () => {
  vi.stubEnv("TIDINGS_LIMITS_MESSAGES", "1/60s");
  vi.stubEnv("TIDINGS_HTTP_DOCS", "true");
  const log = new LogRecorder();
  const app = createApp({ endpoints: [lobby], logger: log });
  {
    await using tested = await startTestApp(app);
    const client = await tested.connect<typeof lobby>("/lobby");
    for (let times = 0; times < 3; times += 1) await client.request("say", {});
  }
  const { url } = await app.listen(0);
  expect(await answers(`${url}/lobby`)).toEqual(["reply", "error"]);
  await app.close();
});

test("TIDINGS_LOG says from which level on a logger of one's own is told, too", async () => {
  vi.stubEnv("TIDINGS_LOG", "error");
  await using server = await serve({ endpoints: [lobby] });
  await dialRefused(`${server.url}/nowhere`);
  expect(server.log.lines).toEqual([]);
});

async function answers(url: string): Promise<string[]> {
  const client = await dial(url);
  return [(await client.ask("say", {}, 1)).type, (await client.ask("say", {}, 2)).type];
}

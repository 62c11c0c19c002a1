import { endpoint, type HttpOptions } from "tidings";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const anywhere = endpoint("/:a/:b", { receives: { who: z.object({}) }, on: { who: () => "the app" } });

afterEach(() => {
  vi.unstubAllEnvs();
});

async function warnings(http: HttpOptions | undefined): Promise<readonly unknown[]> {
  await using server = await serve({ endpoints: [anywhere], http });
  return server.log.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields.code);
}

test("what an app declares comes before the dashboard, and a warning says that it hides it", async () => {
  await using server = await serve({ endpoints: [anywhere] });
  const client = await dial(`${server.url}/dashboard/live`);
  expect(await client.ask("who", {})).toMatchObject({ payload: "the app" });
  expect(await warnings(undefined)).toEqual(["dashboard_hidden"]);
});

test.each([[{ dashboard: false }], [{ port: 0 }]] as const)(
  "nobody is warned where nothing is hidden: %j",
  async (http) => {
    expect(await warnings(http)).toEqual([]);
  },
);

test("nor in production, where there is none", async () => {
  vi.stubEnv("NODE_ENV", "production");
  expect(await warnings(undefined)).toEqual([]);
  expect(await warnings({ dashboard: true })).toEqual(["dashboard_hidden"]);
});

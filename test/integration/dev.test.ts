import { expect, test } from "vitest";
import { connect } from "../../src/client/node.js";
import { follow } from "../support/client-events.js";
import { DevProject } from "../support/dev-project.js";
import type { feed } from "./programs/dev-feed.js";

const feedModule = new URL("./programs/dev-feed.ts", import.meta.url).pathname;
const appOf = (version: string) =>
  `import { createFeed } from "${feedModule}";\nexport const app = createFeed("${version}");\n`;

/** A client that listens to the news, and what it hears from now on. */
async function listenTo(url: string) {
  const client = connect<typeof feed>(`${url}/ws`);
  const heard: number[] = [];
  const gaps: unknown[] = [];
  const subscription = client.subscribe("news", { onGap: (gap) => gaps.push(gap) });
  subscription.on("item", ({ n }) => heard.push(n));
  await client.request("version");
  return { client, subscription, heard, gaps, ...follow(client) };
}

/** Publishes 1, 2, 3 … one after the other, each when the one before is answered, until it is told to end; then gives the last. */
function publishTo(url: string) {
  const client = connect<typeof feed>(`${url}/ws`, { timeout: "15s" });
  const subscription = client.subscribe("news", { onGap: () => {} });
  let isOver = false;
  const run = async () => {
    let n = 0;
    while (!isOver) {
      n += 1;
      await subscription.publish("item", { n });
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.close();
    return n;
  };
  const last = run();
  return {
    end: () => {
      isOver = true;
      return last;
    },
  };
}

test("over reloads everybody hears every event once and in order, while others go on publishing", {
  timeout: 60_000,
}, async () => {
  using project = new DevProject({ "app.ts": appOf("1") });
  await using dev = project.dev(["app.ts", "--port", "0"]);
  const url = String((await dev.until("listening")).url);
  const { client, heard, gaps, statuses } = await listenTo(url);
  const { end } = publishTo(url);
  for (const version of ["2", "3"]) {
    project.write("app.ts", appOf(version));
    expect(await dev.until("reloaded")).toMatchObject({ changed: ["app.ts"], url });
    await statuses.next((status) => status === "waiting 1012 restarting");
    expect(await client.request("version")).toBe(version);
  }
  const last = await end();
  expect(last).toBeGreaterThan(20);
  await client.request("version");
  expect(heard).toEqual(Array.from({ length: last }, (_, index) => index + 1));
  expect(gaps).toEqual([]);
  client.close();
});

import { expect, test } from "vitest";
import { z } from "zod";
import { createApp } from "../app/app.js";
import { channel } from "../declare/channel.js";
import { endpoint } from "../declare/endpoint.js";
import { startSimulation } from "./simulation.js";
import type { Weather } from "./storm.js";

const news = channel("news", {
  events: { item: z.object({ n: z.number() }) },
  history: { size: 100, ttl: "1h" },
  allow: { subscribe: true },
});
const feed = endpoint("/feed", { channels: [news] });
const app = createApp({ endpoints: [feed] });

/** What a client lives through in ten minutes, and how it is when all is calm. */
async function live(seed: number, weather?: Weather) {
  await using world = await startSimulation(app, { seed, weather });
  const beganMs = world.clock.now();
  const ana = world.client<typeof feed>("/feed");
  const lines: string[] = [];
  const tell = (what: string) => lines.push(`${world.clock.now() - beganMs} ${what}`);
  ana.onStatus((status, why) => tell(`${status} ${why?.code} ${why?.reason}`));
  ana.subscribe("news", { onGap: ({ offset }) => tell(`gap ${offset}`) }).on("item", ({ n }) => tell(`item ${n}`));
  for (let n = 1; n <= 20; n += 1) {
    await world.clock.advance("30s");
    await app.publish(news(), "item", { n }).catch(() => tell("down"));
  }
  await world.calm();
  // As it is now: disposing closes the client.
  return { lines: [...lines], status: ana.status };
}

test("the same seed is the same run, and another seed another one", async () => {
  const [one, again, other] = [await live(1), await live(1), await live(2)];
  expect(again.lines).toEqual(one.lines);
  expect(other.lines).not.toEqual(one.lines);
});

test("it is hard on a client, and in the end all is calm", async () => {
  for (const seed of [3, 4, 5]) {
    const { lines, status } = await live(seed, { restarts: "never" });
    expect(status).toBe("open");
    expect(lines.filter((line) => line.includes("waiting")).length).toBeGreaterThan(5);
    const heard = lines.flatMap((line) => /item (\d+)/.exec(line)?.[1] ?? []).map(Number);
    expect(heard).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  }
}, 20_000);

test("with restarts a memory that is lost is told as a gap", async () => {
  const { lines, status } = await live(6, { restarts: "1m" });
  expect(status).toBe("open");
  expect(lines.some((line) => line.includes("gap"))).toBe(true);
});

test("in fair weather nothing happens by itself", async () => {
  const never = {
    cuts: "never",
    silences: "never",
    offline: "never",
    slowReading: "never",
    restarts: "never",
  } as const;
  const { lines } = await live(7, { ...never, latency: "0ms" });
  expect(lines.filter((line) => !line.includes("item"))).toEqual(["0 open undefined undefined"]);
});

// @vitest-environment happy-dom
import type { ClientFor } from "tidings/client";
import { TidingsProvider } from "tidings/react";
import { startTestApp, type TestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { after, Page } from "./page.js";
import { app, chat, type desk, user } from "./recipe/app.js";
import { Room } from "./recipe/room.js";

test("whoever comes to a room that the page hears already has what was said before", async () => {
  await using server = await start();
  await say(server, "a", "1", "2");
  const client = server.client<typeof desk>("/ws", { token: "ana" });
  const page = await Page.open(<Two client={client} rooms={["a"]} />);
  await pass(server);
  await page.show(<Two client={client} rooms={["a", "a"]} />);
  await pass(server);
  expect(page.text).toBe("b: 1b: 2|b: 1b: 2");
  await say(server, "a", "3");
  await pass(server);
  expect(page.text).toBe("b: 1b: 2b: 3|b: 1b: 2b: 3");
  await page.leave();
});

test("another room begins empty, and the first one is whole when it is shown again", async () => {
  await using server = await start();
  await say(server, "a", "1");
  await say(server, "b", "2");
  const client = server.client<typeof desk>("/ws", { token: "ana" });
  const page = await Page.open(<Two client={client} rooms={["a"]} />);
  await pass(server);
  await page.show(<Two client={client} rooms={["b"]} />);
  await page.show(<Two client={client} rooms={["a"]} />);
  await pass(server);
  expect(page.text).toBe("b: 1|");
  await page.show(<Two client={client} rooms={["b"]} />);
  await pass(server);
  expect(page.text).toBe("b: 2|");
  await page.leave();
});

test("after a gap the list is what is kept, and what follows", async () => {
  await using server = await start();
  await say(server, "a", "1");
  const client = server.client<typeof desk>("/ws", { token: "ana" });
  const page = await Page.open(<Two client={client} rooms={["a"]} />);
  await pass(server);
  await after(() => server.network.cut(client));
  await say(server, "a", ...Array.from({ length: 210 }, (_, index) => `more ${index}`));
  server.network.mend(client);
  await pass(server, "40s");
  await say(server, "a", "last");
  await pass(server);
  const kept = Array.from({ length: 50 }, (_, index) => `b: more ${160 + index}`);
  expect(page.text).toBe(`${kept.join("")}b: last|`);
  await page.leave();
});

/** Rooms side by side, each with an end to be seen by. */
function Two({ client, rooms: [left, right] }: { client: ClientFor<typeof desk>; rooms: readonly [string, string?] }) {
  return (
    <TidingsProvider client={client}>
      <Room key={left} room={left} />|{right !== undefined && <Room room={right} />}
    </TidingsProvider>
  );
}

function start(): Promise<TestApp> {
  return startTestApp(app, { override: [[user, ({ token }) => ({ id: token, sub: token })]] });
}

function say({ app }: TestApp, room: string, ...texts: string[]): Promise<void> {
  return after(async () => {
    for (const text of texts) await app.publish(chat({ room }), "said", { from: "b", text });
  });
}

function pass(server: TestApp, time: "1s" | "40s" = "1s"): Promise<void> {
  return after(() => server.clock.advance(time));
}

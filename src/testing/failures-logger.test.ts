import { createApp, endpoint } from "tidings";
import { startTestApp } from "tidings/testing";
import { expect, test, vi } from "vitest";
import { z } from "zod";

const room = endpoint("/ws", {
  receives: { say: z.object({}) },
  on: {
    say() {
      throw new Error("the database is down");
    },
  },
});

test("what a handler throws is shown, though the client is told no more than `internal`", async () => {
  const shown = vi.spyOn(console, "error").mockImplementation(() => {});
  await using server = await startTestApp(createApp({ endpoints: [room] }));
  const ana = await server.connect<typeof room>("/ws");
  await expect(ana.request("say")).rejects.toMatchObject({ code: "internal" });
  expect(shown.mock.calls).toEqual([['error in message "say":', new Error("the database is down")]]);
  shown.mockRestore();
});

test("an app with a logger of its own goes by that", async () => {
  const shown = vi.spyOn(console, "error").mockImplementation(() => {});
  const logged: unknown[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error: (_: object, message?: string) => logged.push(message) };
  await using server = await startTestApp(createApp({ endpoints: [room], logger }));
  const ana = await server.connect<typeof room>("/ws");
  await expect(ana.request("say")).rejects.toMatchObject({ code: "internal" });
  expect([logged, shown.mock.calls]).toEqual([['error in message "say"'], []]);
  shown.mockRestore();
});

import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { app, type devices, inbox } from "../../examples/notifications/app.js";
import { addEvent, inboxOf, MOST_EVENTS } from "../../examples/notifications/inbox.js";
import { user } from "../../examples/sign-in.js";

test("an inbox that goes on with each event is the one of the events that are kept", () => {
  const notified = { type: "notified", payload: { text: "hello", at: "2026-01-01T00:00:00.000Z" } } as const;
  const events = Array.from({ length: MOST_EVENTS + 50 }, (_, index) => {
    const offset = index + 1;
    // Every third is a mark: of the notice before it, and of one that is just gone.
    const read = { type: "read", payload: { offsets: [offset - 1, offset - MOST_EVENTS] } } as const;
    return offset % 3 === 0 ? { offset, ...read } : { offset, ...notified };
  });
  let state = inboxOf([]);
  for (const [index, event] of events.entries()) {
    state = addEvent(state, event);
    if (index > MOST_EVENTS - 3) expect(state).toEqual(inboxOf(events.slice(0, index + 1).slice(-MOST_EVENTS)));
  }
  expect([state.notices.length, state.unread]).toEqual([133, 67]);
});

test("who marks their notices one by one, one a second, is never told to wait; a machine that marks them is", async () => {
  await using server = await startTestApp(app, { override: [[user, ({ token }) => ({ id: token, sub: token })]] });
  const ana = await server.connect<typeof devices>("/ws", { token: "ana" });
  const machine = await server.connect<typeof devices>("/ws", { token: "machine" });
  const mark = (device: typeof ana, user: string) => device.publish(inbox({ user }), "read", { offsets: [1] });
  for (let n = 0; n < 125; n += 1) {
    await mark(ana, "ana");
    await server.clock.advance("1s");
  }
  for (let n = 0; n < 120; n += 1) {
    await mark(machine, "machine");
    await server.clock.advance("150ms");
  }
  await expect(mark(machine, "machine")).rejects.toMatchObject({ code: "rate_limited" });
});

test("an inbox is kept for 30 days", async () => {
  await using server = await startTestApp(app);
  const anas = inbox({ user: "ana" });
  await app.publish(anas, "notified", { text: "hello" });
  const isKept = async () => (await app.history(anas)).length > 0;
  await server.clock.advance("719h");
  expect(await isKept()).toBe(true);
  await server.clock.advance("1h");
  expect(await isKept()).toBe(false);
});

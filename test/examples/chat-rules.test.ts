import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { app, chat, type talk } from "../../examples/chat/app.js";
import { user } from "../../examples/sign-in.js";

test("what is said has 500 characters at most, without the spaces around it", async () => {
  await using server = await startTestApp(app, { override: [[user, ({ token }) => ({ id: token, sub: token })]] });
  const ana = await server.connect<typeof talk>("/ws", { token: "ana" });
  const say = (text: string) => ana.publish(chat({ room: "tea" }), "said", { from: "ana", text });
  await say(`  ${"x".repeat(500)}  `);
  await expect(say("x".repeat(501))).rejects.toMatchObject({ code: "invalid_payload" });
});

test("what was said is kept for seven days, and of a room the last 200", async () => {
  await using server = await startTestApp(app);
  const tea = chat({ room: "tea" });
  for (let n = 1; n <= 201; n += 1) await app.publish(tea, "said", { from: "ana", text: `line ${n}` });
  const kept = () => app.history(tea, { limit: 1_000 });
  expect((await kept()).map(({ payload }) => payload.text).filter((_, index) => index % 199 === 0)).toEqual([
    "line 2",
    "line 201",
  ]);
  await server.clock.advance("167h");
  expect(await kept()).toHaveLength(200);
  await server.clock.advance("1h");
  expect(await kept()).toEqual([]);
});

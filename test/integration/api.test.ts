import { expect, test } from "vitest";
import { apiApp, enter } from "../support/api-app.js";
import { ApiClient } from "../support/api-client.js";
import { serve } from "../support/served-app.js";

async function start(options: Parameters<typeof apiApp>[0] = {}) {
  const server = await serve(apiApp(options));
  return { server, api: new ApiClient(server), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const lobby = { channel: "chat/lobby" };
const said = (text: string) => ({ ...lobby, type: "said", payload: { text } });

test("what is published over HTTP is heard on the channel, and says where it is", async () => {
  await using world = await start();
  const { client } = await enter(world.server, "ana");
  await client.ask("subscribe", lobby);
  const first = await world.api.done("/api/publish", said("hi"));
  expect(first).toEqual({ epoch: expect.any(String), offset: 1 });
  expect(await client.next()).toMatchObject({
    type: "said",
    channel: "chat/lobby",
    offset: 1,
    payload: { text: "hi" },
  });
  expect(
    await world.api.done("/api/publish", { channel: "inbox/ana", type: "note", payload: { text: "psst" } }),
  ).toEqual({});
  expect(await client.next()).toMatchObject({ type: "note", channel: "inbox/ana" });
});

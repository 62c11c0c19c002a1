import * as fc from "fast-check";
import { createApp } from "tidings";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { anyRate } from "../support/any-rate.js";
import { arbitraryCalls, createCallEndpoint, expectedOf, heardAs } from "../support/call-order.js";
import { serve } from "../support/served-app.js";
import { type Arrival, dial, dialTidings, type WsClient } from "../support/ws-client.js";

const withoutMembership = (heard: readonly string[]) => heard.filter((each) => !/^(on|off) /.test(each));

test("each connection hears what concerns it, all of it, in the order of the calls", { timeout: 60_000 }, async () => {
  await using server = await serve({ endpoints: [createCallEndpoint()], limits: anyRate });
  const url = `${server.url}/ws/calls`;
  const ours = await dialTidings(url);
  await ours.next();
  const clients = [ours, await dial(url), await dial(url)];
  await Promise.all(clients.map((client) => client.takeAll()));
  const [first] = clients;

  const property = fc.asyncProperty(arbitraryCalls({ seats: 3, bigSize: 600_000 }), async (calls) => {
    first?.send({ type: "run", payload: calls });
    const heard = await Promise.all(clients.map(hearOneRun));
    const [all = [], ...plain] = expectedOf(calls, 3);
    expect(heard).toEqual([all, ...plain.map(withoutMembership)]);
  });
  await fc.assert(property, { numRuns: 40 });
  expect(server.errors.unread).toEqual([]);
});

async function hearOneRun(client: WsClient): Promise<string[]> {
  const takeUntil = async (type: string) => {
    const messages: Arrival[] = [];
    for (let next = await client.next(); next.type !== type; next = await client.next()) messages.push(next);
    return messages;
  };
  await takeUntil("begin");
  return (await takeUntil("end")).map(heardAs);
}

test("the same in memory, many times over", { timeout: 60_000 }, async () => {
  await using server = await startTestApp(createApp({ endpoints: [createCallEndpoint()], limits: anyRate }));
  const connect = () => server.connect<ReturnType<typeof createCallEndpoint>>("/ws/calls", { as: "plain" });
  const clients = [await connect(), await connect(), await connect()] as const;

  const property = fc.asyncProperty(arbitraryCalls({ seats: 3, bigSize: 2_000 }), async (calls) => {
    clients[0].send("run", calls);
    // `next` takes one kind of message out: what is left in between is what was heard.
    for (const client of clients) await client.next("end");
    const heard = await Promise.all(
      clients.map(async (client) => {
        await client.next("begin");
        const count = client.unread.length;
        const kinds = client.unread.map(({ type }) => type as "sent" | "event");
        const said = client.unread.map(heardAs);
        for (let index = 0; index < count; index += 1) await client.next(kinds[index] ?? "sent");
        return said;
      }),
    );
    expect(heard).toEqual(expectedOf(calls, 3).map(withoutMembership));
  });
  await fc.assert(property, { numRuns: 1_000 });
});

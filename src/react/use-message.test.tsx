// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { type DeskClient, FakeClient } from "../../test/react/fake-client.js";
import { after, Page } from "../../test/react/page.js";
import { useMessage } from "./use-message.js";

test("each message of the type is heard once, with where it came from, until the component is unmounted", async () => {
  const fake = new FakeClient();
  const heard: unknown[] = [];
  const page = await Page.open(<Ticks client={fake.asClient} hear={(...tick) => heard.push(tick)} />);
  fake.say("tick", { price: 1 }, { channel: "prices/BTC", offset: 4 });
  fake.say("halt", { why: "noon" });
  await page.leave();
  fake.say("tick", { price: 2 });
  expect(heard).toEqual([[1, "prices/BTC"]]);
  expect(fake.listenerCount).toBe(0);
});

test("of listeners that change with each render the last one is called, and none is added", async () => {
  const fake = new FakeClient();
  const heard: unknown[] = [];
  const page = await Page.open(<Ticks client={fake.asClient} hear={() => heard.push("first")} />);
  const { listenings } = fake;
  await page.show(<Ticks client={fake.asClient} hear={() => heard.push("second")} />);
  await after(() => fake.say("tick", { price: 1 }));
  expect(heard).toEqual(["second"]);
  expect(fake.listenings).toBe(listenings);
});

test("another client is listened to instead, and without one nothing is", async () => {
  const [first, second] = [new FakeClient(), new FakeClient()];
  const page = await Page.open(<Ticks client={undefined} hear={() => {}} />);
  await page.show(<Ticks client={first.asClient} hear={() => {}} />);
  await page.show(<Ticks client={second.asClient} hear={() => {}} />);
  expect([first.listenerCount, second.listenerCount]).toEqual([0, 1]);
});

interface TicksProps {
  client: DeskClient | undefined;
  hear: (price: number, channel: string | undefined) => void;
}

function Ticks({ client, hear }: TicksProps) {
  useMessage(client, "tick", ({ price }, { channel }) => hear(price, channel));
  return null;
}

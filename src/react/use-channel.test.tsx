// @vitest-environment happy-dom
import { Activity, useState } from "react";
import { expect, test } from "vitest";
import { type DeskClient, FakeClient } from "../../test/react/fake-client.js";
import { after, Page } from "../../test/react/page.js";
import { useChannel } from "./use-channel.js";
import { useLast } from "./use-last.js";
import { useEvent } from "./use-message.js";

test("a component hears a channel as long as it is mounted", async () => {
  const fake = new FakeClient();
  const page = await Page.open(<Price client={fake.asClient} />);
  const [subscription] = fake.live;
  expect(fake.live).toHaveLength(1);
  expect(subscription).toMatchObject({ pattern: "prices/:symbol", params: { symbol: "BTC" } });
  expect(page.text).toBe("BTC subscribing - -;");

  await after(() => subscription?.goLive());
  expect(page.text).toBe("BTC live - -;");
  await page.leave();
  expect(fake.live).toEqual([]);
  expect(fake.subscriptions.map(({ listenerCount }) => listenerCount)).toEqual([0, 0]);
});

test("a subscription that is lost says why", async () => {
  const fake = new FakeClient();
  const page = await Page.open(<Price client={fake.asClient} />);
  await after(() => fake.live[0]?.lose("forbidden"));
  expect(page.text).toBe("BTC lost forbidden -;");
});

test("a state is shown: one that is there at once, one that comes, and the next", async () => {
  const fake = new FakeClient();
  fake.whenSubscribed = (subscription) => subscription.load({ price: 1 });
  const page = await Page.open(<Price client={fake.asClient} />);
  expect(page.text).toBe("BTC subscribing - 1;");
  await after(() => fake.live[0]?.load({ price: 2 }));
  expect(page.text).toBe("BTC subscribing - 2;");
});

test("a state that others on the channel were given is shown too", async () => {
  const fake = new FakeClient();
  fake.whenSubscribed = (subscription) => {
    subscription.status = "live";
    subscription.state = { price: 7 };
  };
  expect((await Page.open(<Price client={fake.asClient} />)).text).toBe("BTC live - 7;");
});

test("params and options made anew are no other channel", async () => {
  const fake = new FakeClient();
  const page = await Page.open(<Seat client={fake.asClient} params={{ room: "a", row: "b" }} label="1 " />);
  const [before] = fake.live;
  await page.show(<Seat client={fake.asClient} params={{ row: "b", room: "a" }} label="2 " />);
  expect(page.text).toBe("2 subscribing");
  expect(fake.live).toEqual([before]);
});

test("other params are another channel, and nothing of the one before is shown there", async () => {
  const fake = new FakeClient();
  const page = await Page.open(<Price client={fake.asClient} />);
  await after(() => fake.live[0]?.load({ price: 1 }));
  const [btc] = fake.live;
  await page.show(<Price client={fake.asClient} symbol="ETH" />);
  expect(page.text).toBe("ETH subscribing - -;");
  expect(fake.live.map(({ params }) => params)).toEqual([{ symbol: "ETH" }]);
  expect(btc).toMatchObject({ isEnded: true, listenerCount: 0 });
});

test("params that only look alike when they are joined are different channels", async () => {
  const fake = new FakeClient();
  const page = await Page.open(<Seat client={fake.asClient} params={{ room: "a/b", row: "c" }} label="1 " />);
  await page.show(<Seat client={fake.asClient} params={{ room: "a", row: "b/c" }} label="2 " />);
  expect(fake.live.map(({ params }) => params)).toEqual([{ room: "a", row: "b/c" }]);
});

test("another client is subscribed to anew; without one nothing is", async () => {
  const [first, second] = [new FakeClient(), new FakeClient()];
  const page = await Page.open(<Price client={undefined} />);
  expect(page.text).toBe("BTC subscribing - -;");
  await page.show(<Price client={first.asClient} />);
  await page.show(<Price client={second.asClient} />);
  expect([first.live.length, second.live.length]).toEqual([0, 1]);
  await page.show(<Price client={undefined} />);
  expect([first.live.length, second.live.length]).toEqual([0, 0]);
});

test("a channel without params takes its options first", async () => {
  const fake = new FakeClient();
  const titles: string[] = [];
  await Page.open(<News client={fake.asClient} hear={(title) => titles.push(title)} />);
  expect(fake.live[0]?.options).toMatchObject({ presence: true, rewind: 3 });
  await after(() => fake.live[0]?.say("item", { title: "Rain" }));
  expect(titles).toEqual(["Rain"]);
});

test("of callbacks that change with each render the last ones are called", async () => {
  const fake = new FakeClient();
  const calls: unknown[] = [];
  const page = await Page.open(<Callbacks client={fake.asClient} call={(...call) => calls.push(["first", ...call])} />);
  await page.show(<Callbacks client={fake.asClient} call={(...call) => calls.push(["second", ...call])} />);
  await after(() => {
    fake.live[0]?.options.onGap({ offset: 7 });
    fake.live[0]?.load({ price: 5 });
    fake.live[0]?.say("tick", { price: 6 });
  });
  expect(calls).toEqual([
    ["second", "gap", 7],
    ["second", "state", 5],
    ["second", "tick", 6],
  ]);
});

test("after it is unmounted nothing is called any more, even if the client does", async () => {
  const fake = new FakeClient();
  const calls: unknown[] = [];
  const page = await Page.open(<Callbacks client={fake.asClient} call={(...call) => calls.push(call)} />);
  await page.leave();
  for (const { options } of fake.subscriptions) {
    options.onGap({ offset: 1 });
    options.onState({ price: 1 });
  }
  expect(calls).toEqual([]);
});

test("an event that comes right behind the subscription is heard", async () => {
  const fake = new FakeClient();
  fake.whenSubscribed = (subscription) => queueMicrotask(() => subscription.say("tick", { price: 1 }));
  const calls: unknown[] = [];
  await Page.open(<Callbacks client={fake.asClient} call={(...call) => calls.push(call)} />);
  expect(calls).toEqual([["tick", 1]]);
  const page = await Page.open(<Ticker client={fake.asClient} />);
  expect(page.text).toBe("1");
});

test("the last event of a type is shown, and nothing renders for another type", async () => {
  const fake = new FakeClient();
  let renders = 0;
  const page = await Page.open(<Ticker client={fake.asClient} onRender={() => renders++} />);
  expect(page.text).toBe("none");
  await after(() => fake.live[0]?.say("tick", { price: 1 }));
  await after(() => fake.live[0]?.say("tick", { price: 2 }));
  const rendersBefore = renders;
  await after(() => fake.live[0]?.say("halt", { why: "noon" }));
  expect(renders).toBe(rendersBefore);
  expect(page.text).toBe("2");
  await page.show(<Ticker client={fake.asClient} symbol="ETH" />);
  expect(page.text).toBe("none");
});

test("two components on a channel are two subscriptions of the client, and one that goes leaves the other", async () => {
  const fake = new FakeClient();
  const page = await Page.open([<Ticker key="1" client={fake.asClient} />, <Price key="2" client={fake.asClient} />]);
  expect(fake.live).toHaveLength(2);
  await page.show([<Price key="2" client={fake.asClient} />]);
  expect(fake.live).toHaveLength(1);
  await after(() => fake.live[0]?.goLive());
  expect(page.text).toBe("BTC live - -;");
});

test("a part of the page that is hidden hears nothing, and hears again when it is shown", async () => {
  const fake = new FakeClient();
  const hideable = (mode: "visible" | "hidden") => (
    <Activity mode={mode}>
      <Ticker client={fake.asClient} />
    </Activity>
  );
  const page = await Page.open(hideable("visible"));
  await after(() => fake.live[0]?.say("tick", { price: 1 }));
  await page.show(hideable("hidden"));
  expect(fake.live).toEqual([]);
  await page.show(hideable("visible"));
  await after(() => fake.live[0]?.say("tick", { price: 2 }));
  expect(page.text).toBe("2");
});

test("what is said may unmount who hears it", async () => {
  const fake = new FakeClient();
  const page = await Page.open(<Room client={fake.asClient} />);
  await after(() => fake.live[0]?.say("item", { title: "Fire" }));
  expect(page.text).toBe("gone");
  expect(fake.live).toEqual([]);
});

function Price({ client, symbol = "BTC" }: { client: DeskClient | undefined; symbol?: string }) {
  const { status, error, state } = useChannel(client, "prices/:symbol", { symbol }, { onGap: ignore });
  return `${symbol} ${status} ${error?.code ?? "-"} ${state?.price ?? "-"};`;
}

interface TickerProps {
  client: DeskClient;
  symbol?: string;
  onRender?: () => void;
}

function Ticker({ client, symbol = "BTC", onRender }: TickerProps) {
  onRender?.();
  const { subscription } = useChannel(client, "prices/:symbol", { symbol }, { onGap: ignore });
  return useLast(subscription, "tick")?.price ?? "none";
}

function Callbacks({ client, call }: { client: DeskClient; call: (name: string, value: unknown) => void }) {
  const { subscription } = useChannel(
    client,
    "prices/:symbol",
    { symbol: "BTC" },
    { onGap: ({ offset }) => call("gap", offset), onState: ({ price }) => call("state", price) },
  );
  useEvent(subscription, "tick", ({ price }) => call("tick", price));
  return null;
}

function Seat({ client, params, label }: { client: DeskClient; params: { room: string; row: string }; label: string }) {
  return label + useChannel(client, "seats/:room/:row", params, { onGap: () => label }).status;
}

function News({ client, hear }: { client: DeskClient; hear: (title: string) => void }) {
  const { status, subscription } = useChannel(client, "news", { presence: true, rewind: 3 });
  useEvent(subscription, "item", ({ title }) => hear(title));
  return status;
}

function Room({ client }: { client: DeskClient }) {
  const [isOpen, setOpen] = useState(true);
  return isOpen ? <News client={client} hear={() => setOpen(false)} /> : "gone";
}

function ignore(): void {}

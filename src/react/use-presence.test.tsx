// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { type DeskClient, FakeClient } from "../../test/react/fake-client.js";
import { after, Page } from "../../test/react/page.js";
import { usePresence } from "./use-presence.js";

test("who is there is shown as it changes, and nobody watches after it is unmounted", async () => {
  const fake = new FakeClient();
  const page = await Page.open(<Guests client={fake.asClient} row="1" />);
  expect(page.text).toBe("0: ");
  expect(fake.live[0]?.options.presence).toBe(true);
  await after(() => fake.live[0]?.presence.become([{ id: "ana" }, { id: "bob" }]));
  expect(page.text).toBe("2: ana bob");
  await after(() => fake.live[0]?.presence.become([{ id: "bob" }]));
  expect(page.text).toBe("1: bob");

  await page.leave();
  expect(fake.live).toEqual([]);
  expect(fake.subscriptions.map(({ listenerCount }) => listenerCount)).toEqual([0, 0]);
});

test("members that are known already are shown at once", async () => {
  const fake = new FakeClient();
  fake.whenSubscribed = ({ presence }) => presence.become([{ id: "ana" }]);
  expect((await Page.open(<Guests client={fake.asClient} row="1" />)).text).toBe("1: ana");
});

test("where they are too many to tell, how many they are is shown", async () => {
  const fake = new FakeClient();
  const page = await Page.open(<Guests client={fake.asClient} row="1" />);
  await after(() => fake.live[0]?.presence.become([], 70_000));
  expect(page.text).toBe("70000: ");
});

test("other params are another channel, whose members are not known yet", async () => {
  const fake = new FakeClient();
  const page = await Page.open(<Guests client={fake.asClient} row="1" />);
  await after(() => fake.live[0]?.presence.become([{ id: "ana" }]));
  const [before] = fake.live;
  await page.show(<Guests client={fake.asClient} row="1" />);
  expect(fake.live).toEqual([before]);
  await page.show(<Guests client={fake.asClient} row="2" />);
  expect(page.text).toBe("0: ");
  expect(fake.live.map(({ params }) => params)).toEqual([{ room: "a", row: "2" }]);
});

test("a gap among the events leaves the members as they are", async () => {
  const fake = new FakeClient();
  const page = await Page.open(<Guests client={fake.asClient} row="1" />);
  await after(() => fake.live[0]?.presence.become([{ id: "ana" }]));
  await after(() => fake.live[0]?.options.onGap({ offset: 3 }));
  expect(page.text).toBe("1: ana");
});

test("without a client nobody is there", async () => {
  expect((await Page.open(<Guests client={undefined} row="1" />)).text).toBe("0: ");
});

function Guests({ client, row }: { client: DeskClient | undefined; row: string }) {
  const { members, count } = usePresence(client, "seats/:room/:row", { room: "a", row });
  return `${count}: ${members.map(({ id }) => id).join(" ")}`;
}

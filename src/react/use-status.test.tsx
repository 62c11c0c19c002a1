// @vitest-environment happy-dom
import { Activity } from "react";
import { expect, test } from "vitest";
import { type DeskClient, FakeClient } from "../../test/react/fake-client.js";
import { after, Page } from "../../test/react/page.js";
import { useStatus } from "./use-status.js";

test("the status is shown from the first render on, and each that follows", async () => {
  const fake = new FakeClient();
  fake.turn("open");
  const seen: string[] = [];
  const page = await Page.open(<Status client={fake.asClient} see={(status) => seen.push(status)} />);
  expect(new Set(seen)).toEqual(new Set(["open"]));
  await after(() => fake.turn("waiting"));
  expect(page.text).toBe("waiting");
  await page.leave();
  expect(fake.listenerCount).toBe(0);
});

test("without a client it is connecting, and with another one it is that one's", async () => {
  const fake = new FakeClient();
  fake.turn("closed");
  const page = await Page.open(<Status client={undefined} />);
  expect(page.text).toBe("connecting");
  await page.show(<Status client={fake.asClient} />);
  expect(page.text).toBe("closed");
});

test("what changed while a part of the page was hidden is there when it is shown", async () => {
  const fake = new FakeClient();
  // One element, so that React need not render it anew.
  const status = <Status client={fake.asClient} />;
  const hideable = (mode: "visible" | "hidden") => <Activity mode={mode}>{status}</Activity>;
  const page = await Page.open(hideable("visible"));
  await page.show(hideable("hidden"));
  await after(() => fake.turn("open"));
  await page.show(hideable("visible"));
  expect(page.text).toBe("open");
});

function Status({ client, see }: { client: DeskClient | undefined; see?: (status: string) => void }) {
  const status = useStatus(client);
  see?.(status);
  return status;
}

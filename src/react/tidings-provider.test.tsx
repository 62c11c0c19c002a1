// @vitest-environment happy-dom
import { Activity } from "react";
import { expect, test } from "vitest";
import { type DeskEndpoint, FakeClient } from "../../test/react/fake-client.js";
import { after, Page } from "../../test/react/page.js";
import { TidingsProvider, useClient } from "./tidings-provider.js";
import { useStatus } from "./use-status.js";

test("a client is made when the provider is mounted, once, and closed when it unmounts, once", async () => {
  const made: FakeClient[] = [];
  const page = await Page.open(<Dialling made={made} />);
  expect(page.text).toBe("connecting");
  await page.show(<Dialling made={made} />);
  await after(() => made[0]?.turn("open"));
  expect(page.text).toBe("open");
  expect(made.map(({ closings }) => closings)).toEqual([0]);

  await page.leave();
  expect(made.map(({ closings }) => closings)).toEqual([1]);
});

test("another key dials anew, and closes the one before", async () => {
  const made: FakeClient[] = [];
  const page = await Page.open(<Dialling key="ana" made={made} />);
  await page.show(<Dialling key="bob" made={made} />);
  expect(made.map(({ closings }) => closings)).toEqual([1, 0]);
});

test("a part of the page that is hidden has no connection, and dials anew when it is shown", async () => {
  const made: FakeClient[] = [];
  const content = <Dialling made={made} />;
  const before = <Dialling made={made} />;
  const page = await Page.open(<Activity>{before}</Activity>);
  // From here on the same element, so that React need not render it anew.
  await page.show(<Activity>{content}</Activity>);
  await page.show(<Activity mode="hidden">{content}</Activity>);
  expect(made.map(({ closings }) => closings)).toEqual([1]);
  await page.show(<Activity>{content}</Activity>);
  expect(made.map(({ closings }) => closings)).toEqual([1, 0]);
  await after(() => made[1]?.turn("open"));
  expect(page.text).toBe("open");
});

test("somebody else's client is there at once, may be replaced, and is left open", async () => {
  const [first, second] = [new FakeClient(), new FakeClient()];
  first.turn("open");
  const page = await Page.open(
    <TidingsProvider client={first.asClient} fallback="none">
      <Inside />
    </TidingsProvider>,
  );
  expect(page.text).toBe("open");
  await page.show(
    <TidingsProvider client={second.asClient}>
      <Inside />
    </TidingsProvider>,
  );
  expect(page.text).toBe("connecting");
  await page.leave();
  expect([first.closings, second.closings]).toEqual([0, 0]);
});

test("a fallback is shown as long as there is no client", async () => {
  const page = await Page.open(
    <TidingsProvider client={undefined} fallback="none">
      <Inside />
    </TidingsProvider>,
  );
  expect(page.text).toBe("none");
});

test("without a fallback its children are, and what they use takes that there is none", async () => {
  const page = await Page.open(
    <TidingsProvider client={undefined}>
      <Inside />
    </TidingsProvider>,
  );
  expect(page.text).toBe("connecting");
});

test("a provider inside another has a client of its own", async () => {
  const [outer, inner] = [new FakeClient(), new FakeClient()];
  outer.turn("open");
  inner.turn("waiting");
  const page = await Page.open(
    <TidingsProvider client={outer.asClient}>
      <Inside />{" "}
      <TidingsProvider client={inner.asClient}>
        <Inside />
      </TidingsProvider>
    </TidingsProvider>,
  );
  expect(page.text).toBe("open waiting");
});

test("a client without a provider is a mistake that says what to do", async () => {
  await expect(Page.open(<Inside />)).rejects.toThrow("There is no <TidingsProvider> around this component.");
});

function Dialling({ made }: { made: FakeClient[] }) {
  return (
    <TidingsProvider
      connect={() => {
        const client = new FakeClient();
        made.push(client);
        return client.asClient;
      }}
    >
      <Inside />
    </TidingsProvider>
  );
}

function Inside() {
  return useStatus(useClient<DeskEndpoint>());
}

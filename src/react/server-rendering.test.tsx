import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { AllHooks, nothingYet, ProvidedHooks, taskId } from "../../test/react/all-hooks.js";
import { FakeClient } from "../../test/react/fake-client.js";
import { TidingsProvider } from "./tidings-provider.js";

test("a server renders without a client, and dials none", () => {
  const made: FakeClient[] = [];
  expect(renderToString(<ProvidedHooks connect={() => dial(made)} />)).toBe(nothingYet);
  expect(made).toEqual([]);
  expect(renderToString(<AllHooks client={undefined} />)).toBe(nothingYet);
});

test("a server shows the fallback where there is one", () => {
  const made: FakeClient[] = [];
  const content = (
    <TidingsProvider connect={() => dial(made).asClient} fallback={<p>Connecting</p>}>
      <p>Connected</p>
    </TidingsProvider>
  );
  expect(renderToString(content)).toBe("<p>Connecting</p>");
  expect(made).toEqual([]);
});

test("a server that has a client shows nothing of it, as the page does while it hydrates", () => {
  const fake = new FakeClient();
  fake.turn("open");
  fake.tasks.tell(taskId, 40);
  expect(renderToString(<AllHooks client={fake.asClient} />)).toBe(nothingYet);
  expect(fake.subscriptions).toEqual([]);
  expect(fake.listenerCount).toBe(0);
});

function dial(made: FakeClient[]): FakeClient {
  const client = new FakeClient();
  made.push(client);
  return client;
}

// @vitest-environment happy-dom
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { AllHooks, nothingYet, ProvidedHooks, taskId } from "../../test/react/all-hooks.js";
import { FakeClient } from "../../test/react/fake-client.js";
import { after, Page } from "../../test/react/page.js";

test("a page takes over what a server rendered, and then shows what its own client says", async () => {
  const fake = openClient();
  const content = <ProvidedHooks connect={() => fake} />;
  const errors: unknown[] = [];
  const page = await Page.hydrate(renderToString(content), content, (error) => errors.push(error));
  expect(errors).toEqual([]);
  expect(page.text).toBe("open subscribing 0 none 40 1");
  await after(() => fake.live[0]?.say("tick", { price: 5 }));
  expect(page.text).toBe("open subscribing 0 5 40 1");
});

test("so it does with a client that was open before it hydrated", async () => {
  const fake = openClient();
  const errors: unknown[] = [];
  const page = await Page.hydrate(nothingYet, <AllHooks client={fake.asClient} />, (error) => errors.push(error));
  expect(errors).toEqual([]);
  expect(page.text).toBe("open subscribing 0 none 40 1");
});

function openClient(): FakeClient {
  const fake = new FakeClient();
  fake.turn("open");
  fake.tasks.tell(taskId, 40);
  return fake;
}

// @vitest-environment happy-dom
import { Activity } from "react";
import { expect, test } from "vitest";
import { type DeskClient, FakeClient } from "../../test/react/fake-client.js";
import { after, Page } from "../../test/react/page.js";
import type { TaskId } from "../declare/task.js";
import { useTask, useTasks } from "./use-task.js";

const one = "t1" as TaskId;
const other = "t2" as TaskId;

test("how far a task is, is shown: what is known already, and each news of it", async () => {
  const fake = new FakeClient();
  fake.tasks.tell(one, 10);
  const page = await Page.open(<Progress client={fake.asClient} id={one} />);
  expect(page.text).toBe("10");
  await after(() => fake.tasks.tell(one, 20));
  expect(page.text).toBe("20");
  await page.leave();
  expect(fake.listenerCount).toBe(0);
});

test("news of another task renders nothing", async () => {
  const fake = new FakeClient();
  let renders = 0;
  const page = await Page.open(<Progress client={fake.asClient} id={one} onRender={() => renders++} />);
  const rendersBefore = renders;
  await after(() => fake.tasks.tell(other, 50));
  expect(renders).toBe(rendersBefore);
  expect(page.text).toBe("none");
});

test("another id is another task; without one, or without a client, there is none", async () => {
  const fake = new FakeClient();
  fake.tasks.tell(one, 10);
  fake.tasks.tell(other, 50);
  const page = await Page.open(<Progress client={fake.asClient} id={one} />);
  await page.show(<Progress client={fake.asClient} id={other} />);
  expect(page.text).toBe("50");
  await page.show(<Progress client={fake.asClient} id={undefined} />);
  expect(page.text).toBe("none");
  await page.show(<Progress client={undefined} id={one} />);
  expect(page.text).toBe("none");
  expect(fake.listenerCount).toBe(0);
});

test("all tasks are shown, and again with each news", async () => {
  const fake = new FakeClient();
  const page = await Page.open(<List client={fake.asClient} />);
  expect(page.text).toBe("");
  await after(() => fake.tasks.tell(one, 10));
  await after(() => fake.tasks.tell(other, 50));
  await after(() => fake.tasks.tell(one, 20));
  expect(page.text).toBe("t1 20; t2 50; ");
  await after(() => {
    fake.tasks.all.delete(one);
    fake.tasks.tell(other, 60);
  });
  expect(page.text).toBe("t2 60; ");
  fake.tasks.all.clear();
  await page.show(<List client={fake.asClient} />);
  expect(page.text).toBe("");
});

test("what was told while a part of the page was hidden is there when it is shown", async () => {
  const fake = new FakeClient();
  const content = [<Progress key="1" client={fake.asClient} id={one} />, <List key="2" client={fake.asClient} />];
  const before = [<Progress key="1" client={fake.asClient} id={one} />, <List key="2" client={fake.asClient} />];
  const page = await Page.open(<Activity>{before}</Activity>);
  // From here on the same elements, so that React need not render them anew.
  await page.show(<Activity>{content}</Activity>);
  await page.show(<Activity mode="hidden">{content}</Activity>);
  expect(fake.listenerCount).toBe(0);
  await after(() => fake.tasks.tell(one, 30));
  await page.show(<Activity mode="visible">{content}</Activity>);
  expect(page.text).toBe("30t1 30; ");
});

interface ProgressProps {
  client: DeskClient | undefined;
  id: TaskId | undefined;
  onRender?: () => void;
}

function Progress({ client, id, onRender }: ProgressProps) {
  onRender?.();
  return useTask(client, id)?.progress ?? "none";
}

function List({ client }: { client: DeskClient }) {
  return useTasks(client).map(({ id, progress }) => `${id} ${progress}; `);
}

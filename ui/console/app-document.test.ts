import { expect, test } from "vitest";
import { AppDocument } from "./app-document.js";

test("an app has changed when its document is another", async () => {
  const { document, answer } = documentOf('{"info":1}');
  expect(await document.read()).toEqual({ info: 1 });
  await document.lookAgain();
  expect(document.hasChanged.value).toBe(false);
  answer.body = '{"info":2}';
  await document.lookAgain();
  expect(document.hasChanged.value).toBe(true);
});

test("where the document has a tag it is asked whether that is still so", async () => {
  const { document, answer, asked } = documentOf("{}");
  answer.etag = 'W/"1"';
  await document.read();
  Object.assign(answer, { status: 304, body: null });
  await document.lookAgain();
  expect(asked).toEqual([{}, { "if-none-match": 'W/"1"' }]);
  expect(document.hasChanged.value).toBe(false);
});

test("an app that can't be asked, or lets nobody see it any more, has not changed", async () => {
  const { document, answer } = documentOf("{}");
  await document.read();
  Object.assign(answer, { status: 503, body: "later" });
  await document.lookAgain();
  answer.isDown = true;
  await document.lookAgain();
  expect(document.hasChanged.value).toBe(false);
  Object.assign(answer, { status: 200, isDown: false, body: '{"new":1}' });
  await document.lookAgain();
  expect(document.hasChanged.value).toBe(true);
});

function documentOf(body: string | null) {
  const answer = { status: 200, body, etag: undefined as string | undefined, isDown: false };
  const asked: object[] = [];
  const document = new AppDocument(async (headers) => {
    asked.push(headers);
    if (answer.isDown) throw new TypeError("Failed to fetch");
    const told = answer.etag === undefined ? {} : { etag: answer.etag };
    return new Response(answer.body, { status: answer.status, headers: told });
  });
  return { document, answer, asked };
}

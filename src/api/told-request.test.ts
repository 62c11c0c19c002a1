import { expect, test } from "vitest";
import { Api } from "./api.js";
import { answerText } from "./told-request.js";

/** Nothing that is asked here comes as far as an app. */
const api = new Api({
  host: () => Promise.reject(new Error("Nobody is there.")),
  limits: () => ({ issues: 10 }),
  onError: () => {},
});
const answer = (text: string, tries = 1) => answerText(api, text, tries, { apiBody: 1_000 });
const parsed = async (text: string, tries?: number) => JSON.parse((await answer(text, tries)).json);

test.each([
  ['{"operation":"x","replyTo":"me","id":7}', "me", 7],
  ['{"operation":"x","replyTo":"a.b_c:d-1","id":"a"}', "a.b_c:d-1", "a"],
  ['{"operation":"x","id":1.5,"replyTo":"me"}', "me", undefined],
  [`{"operation":"x","id":"${"a".repeat(65)}","replyTo":"me"}`, "me", undefined],
  ['{"operation":"x","replyTo":""}', undefined, undefined],
  ['{"operation":"x","replyTo":"{me}"}', undefined, undefined],
  ['{"operation":"x","replyTo":"a b"}', undefined, undefined],
  [`{"operation":"x","replyTo":"${"a".repeat(129)}"}`, undefined, undefined],
  ['{"operation":"x","replyTo":["me"]}', undefined, undefined],
  ["null", undefined, undefined],
  ['"text"', undefined, undefined],
])("an answer goes where a name can be, with the id that can be one: %s", async (text, replyTo, id) => {
  const told = await answer(text);
  expect([told.replyTo, JSON.parse(told.json).id]).toEqual([replyTo, id]);
  expect(told.problem).toBeDefined();
});

test("what ended three processes is not tried again", async () => {
  const request = '{"operation":"stats"}';
  // Somebody is asked, and is not there.
  expect((await parsed(request, 3)).error.detail).not.toContain("processes");
  expect((await parsed(request, 4)).error).toMatchObject({
    code: "internal",
    detail: expect.stringContaining("3 processes"),
  });
});

test("a request that is too big is not parsed", async () => {
  expect((await parsed(`{"operation":"${"€".repeat(400)}"}`)).error).toMatchObject({
    code: "body_too_big",
    status: 413,
  });
});

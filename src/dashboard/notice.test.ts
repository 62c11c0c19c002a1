import { expect, test } from "vitest";
import { validateNow } from "../schema/validate.js";
import { disconnectSchema, questionSchema } from "./message-schemas.js";
import { readNotice } from "./notice.js";

const asks = { ask: "q1", about: "connections", text: "", which: "open" } as const;

test.each([
  [asks],
  [{ ...asks, which: "troubled", text: "x".repeat(200) }],
  [{ ...asks, which: "closed" }],
  [{ ask: "q1", about: "connection", id: "c1" }],
  [{ ask: "q1", about: "channels", text: "chat/" }],
  [{ ask: "q1", about: "nothing" }],
])("%j is a question", (question) => {
  expect(validateNow(questionSchema, question)).toEqual({ value: question });
});

test.each([
  [undefined, "An object"],
  [[], "An object"],
  [{ ...asks, ask: "" }, "`ask`"],
  [{ ...asks, ask: "x".repeat(65) }, "`ask`"],
  [{ ...asks, text: "x".repeat(201) }, "`text`"],
  [{ ...asks, text: undefined }, "`text`"],
  [{ ...asks, which: "all" }, "`which`"],
  [{ ask: "q1", about: "connection" }, "`id`"],
  [{ ask: "q1", about: "connection", id: "x".repeat(129) }, "`id`"],
  [{ ask: "q1", about: "channels", text: 7 }, "`text`"],
  [{ ask: "q1", about: "secrets" }, "`about`"],
])("%j is none, and it is said why", (question, why) => {
  expect(validateNow(questionSchema, question)).toEqual({
    issues: [{ path: [], message: expect.stringContaining(why) }],
  });
});

test.each([[undefined], [{}], [{ user: "" }], [{ user: 7 }], [{ user: "x".repeat(8_193) }]])(
  "%j names no user to disconnect",
  (given) => {
    expect(validateNow(disconnectSchema, given)).toMatchObject({ issues: [{ path: [] }] });
  },
);

const notice = { process: "p2", looks: true, asked: [{ by: "c1", question: asks }] };

test.each([
  [undefined],
  ["dashboard"],
  [{ ...notice, process: 7 }],
  [{ ...notice, process: "" }],
  [{ ...notice, looks: "yes" }],
  [{ ...notice, asked: {} }],
])("what another process says, such as %j, is not taken for what it is not", (said) => {
  expect(readNotice(said)).toBeUndefined();
});

test("a notice of another version is read as far as it is known here", () => {
  const news = { by: "c2", question: { ask: "q", about: "weather" } };
  const unfit = ["a/b", 7, null].map((by) => ({ by, question: asks }));
  expect(readNotice({ ...notice, mood: "fine", asked: [news, ...notice.asked, ...unfit, null] })).toEqual(notice);
});

test("of one that asks too much the first 25 are taken", () => {
  const asked = Array.from({ length: 30 }, (_, n) => ({ by: `c${n}`, question: asks }));
  expect(readNotice({ ...notice, asked })?.asked.map(({ by }) => by)).toEqual(asked.slice(0, 25).map(({ by }) => by));
});

import { expect, test } from "vitest";
import { readChannelArgs } from "./channel-args.js";

const options = { onGap() {} };

test("where a pattern has params they come first, and without any the options do", () => {
  const params = { room: "a", of: "b" };
  expect(readChannelArgs("chat/:room/:of", [params, options])).toMatchObject({ params: [params], options });
  expect(readChannelArgs(":room", [params, options])).toMatchObject({ params: [params], options });
  expect(readChannelArgs("news", [options])).toEqual({ key: "news", params: [], options });
});

test("a colon within a word makes no param of what follows", () => {
  expect(readChannelArgs("urn:x", [options])).toEqual({ key: "urn:x", params: [], options });
  const params = { id: "a" };
  expect(readChannelArgs("urn:x/:id", [params, options])).toEqual({
    key: '["urn:x/:id","a"]',
    params: [params],
    options,
  });
});

test("the same channel has the same key, however its params are given, and another has another", () => {
  const keyOf = (params: object) => readChannelArgs("chat/:room/:of", [params]).key;
  expect(keyOf({ room: "a", of: "b" })).toBe(keyOf({ of: "b", room: "a", other: "c" }));
  expect(keyOf({ room: "a", of: "b" })).not.toBe(keyOf({ room: "b", of: "a" }));
});

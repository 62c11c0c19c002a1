import { expect, test } from "vitest";
import { oddApps, SECRET } from "../asyncapi/corpus.js";
import { described } from "../asyncapi/described.js";
import { findBreaches } from "../asyncapi/rules.js";

test.each(Object.entries(oddApps))("an app with %s has a document without a breach", (_, endpoints) => {
  expect(findBreaches(described(endpoints()).document, [SECRET])).toEqual([]);
});

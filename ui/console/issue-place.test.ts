import { expect, test } from "vitest";
import { blankDraft, draftOf } from "./draft.js";
import { fieldOf } from "./form-model.js";
import { issuesOf, placeIssues, placeKey } from "./issue-place.js";

const field = fieldOf(
  {
    type: "object",
    properties: {
      text: { type: "string" },
      lines: {
        type: "array",
        items: { type: "object", properties: { count: { type: "number" } }, required: ["count"] },
      },
      any: {},
      hint: { type: "string" },
    },
    required: ["text", "lines", "any"],
  },
  () => undefined,
);
const draft = draftOf(field, { text: "", lines: [{ count: 1 }, { count: 2 }], any: { deep: [] } }) ?? blankDraft(field);

test.each<[path: (string | number)[], shown: (string | number)[], words: string]>([
  [["text"], ["text"], "wrong"],
  [["lines", 1, "count"], ["lines", 1, "count"], "wrong"],
  [["lines", "1", "count"], ["lines", "1", "count"], "wrong"],
  [["lines", 5, "count"], ["lines"], "5.count: wrong"],
  [["any", "deep", 0], ["any"], "deep.0: wrong"],
  [["hint"], ["hint"], "wrong"],
  [["unheard"], [], "unheard: wrong"],
  [[], [], "wrong"],
])("an issue at %j is shown at %j", (path, shown, words) => {
  expect([...placeIssues(field, draft, [{ path, message: "wrong" }])]).toEqual([[placeKey(shown), [words]]]);
});

test("within what is null nothing has a field of its own", () => {
  const place = fieldOf(
    { anyOf: [{ type: "object", properties: { street: { type: "string" } }, required: ["street"] }, { type: "null" }] },
    () => undefined,
  );
  const issues = [{ path: ["street"], message: "wrong" }];
  expect([...placeIssues(place, blankDraft(place), issues)]).toEqual([[placeKey([]), ["street: wrong"]]]);
  const given = draftOf(place, { street: "" }) ?? blankDraft(place);
  expect([...placeIssues(place, given, issues)]).toEqual([[placeKey(["street"]), ["wrong"]]]);
});

test("two issues of one field are shown both", () => {
  const issues = [
    { path: ["text"], message: "too short" },
    { path: ["text"], message: "not nice" },
  ];
  expect(placeIssues(field, draft, issues).get(placeKey(["text"]))).toEqual(["too short", "not nice"]);
});

test("issues are read from an error, whatever else stands there", () => {
  expect(
    issuesOf({ code: "invalid_payload", issues: [{ path: ["a", 0], message: "m" }, { message: 7 }, null] }),
  ).toEqual([
    { path: ["a", 0], message: "m" },
    { path: [], message: "7" },
    { path: [], message: "It does not fit." },
  ]);
  expect(issuesOf(null)).toEqual([]);
  expect(issuesOf({ issues: "none" })).toEqual([]);
});

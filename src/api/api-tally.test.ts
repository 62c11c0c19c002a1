import { expect, test } from "vitest";
import { errorCodes } from "../protocol/error-codes.js";
import { ApiTally } from "./api-tally.js";

const labelsIn = (tally: ApiTally) =>
  tally.family.samples.map(({ labels: { operation, code }, value }) => ({ operation, code, value }));

test("what was asked is counted by operation, and by how it ended", () => {
  const tally = new ApiTally();
  tally.add("publish", undefined);
  tally.add("publish", undefined);
  tally.add("publish", "invalid_payload");
  tally.add("stats", undefined);
  tally.add(undefined, "not_found");
  expect(labelsIn(tally)).toEqual([
    { operation: "publish", code: "ok", value: 2 },
    { operation: "publish", code: "invalid_payload", value: 1 },
    { operation: "stats", code: "ok", value: 1 },
    { operation: "none", code: "not_found", value: 1 },
  ]);
});

test("whatever codes an app makes up are one, and those of the protocol and of HTTP are themselves", () => {
  const tally = new ApiTally();
  for (let n = 0; n < 1_000; n += 1) tally.add("publish", `of_my_own_${n}`);
  expect(labelsIn(tally)).toEqual([{ operation: "publish", code: "app", value: 1_000 }]);
  const ours = [...Object.keys(errorCodes), "bad_request", "body_too_big", "method_not_allowed", "__proto__"];
  for (const code of ours) tally.add("stats", code);
  expect(labelsIn(tally).map(({ code }) => code)).toEqual(["app", ...ours.slice(0, -1), "app"]);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { thenAfterClose } from "./after-close.js";
import { type Refusal, refusals } from "./refusals.js";

describe("our client after a close", () => {
  test.each([
    [1000, "stay-closed"],
    [1001, "retry-after-drain"],
    [1002, "stay-closed"],
    [1003, "stay-closed"],
    [1005, "retry"],
    [1006, "retry"],
    [1007, "stay-closed"],
    [1008, "stay-closed"],
    [1009, "stay-closed"],
    [1010, "stay-closed"],
    [1011, "retry"],
    [1012, "retry-after-drain"],
    [1013, "retry"],
    [1014, "retry"],
    [1015, "retry"],
    [3000, "stay-closed"],
    [4001, "stay-closed"],
    [4999, "stay-closed"],
    [1004, "retry"],
    [1016, "retry"],
    [2999, "retry"],
    [5000, "retry"],
    [0, "retry"],
    [Number.NaN, "retry"],
  ] as const)("with %s and no reason it knows will %s", (code, then) => {
    expect(thenAfterClose(code, "")).toBe(then);
    expect(thenAfterClose(code, "bye")).toBe(then);
    expect(thenAfterClose(code, "constructor")).toBe(then);
  });

  test.each(Object.entries(refusals))("with the reason %s, and its code, does as its row says", (reason, row) => {
    const { close, clientThen }: Refusal = row;
    if (close !== undefined) expect(thenAfterClose(close, reason)).toBe(clientThen);
  });

  test.each(["unauthorized", "token_expired", "forbidden"] as const)(
    "with %s does as its row says where the app has put a code of its own",
    (reason) => {
      expect(thenAfterClose(4001, reason)).toBe(refusals[reason].clientThen);
    },
  );

  test.each([1000, 1001, 1006, 1011, 4001])("comes back from %i where the reason says that it is worth it", (code) => {
    expect(thenAfterClose(code, "token_expired")).toBe("refresh-and-retry");
    expect(thenAfterClose(code, "rate_limited")).toBe("retry");
    expect(thenAfterClose(code, "auth_timeout")).toBe("retry");
  });

  test("knows what to do after any code and reason", () => {
    const known = ["stay-closed", "refresh-and-retry", "retry", "retry-after-drain"];
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.double()), fc.string({ unit: "binary" }), (code, reason) => {
        expect(known).toContain(thenAfterClose(code, reason));
      }),
    );
  });
});

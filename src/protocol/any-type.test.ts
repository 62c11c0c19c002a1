import { describe, expect, test } from "vitest";
import { ANY_TYPE, declaredFor } from "./any-type.js";

const declared = new Map([
  ["said", "by name"],
  [ANY_TYPE, "for any"],
]);

describe("what is declared for a type", () => {
  test.each([
    ["said", "by name"],
    ["typed", "for any"],
    ["Said", "for any"],
    // It is no type itself, nor is what can't be one, or what the protocol says.
    ["*", undefined],
    ["", undefined],
    ["no spaces", undefined],
    ["subscribe", undefined],
    ["tidings.later", undefined],
  ])("%j from clients: %s", (type, found) => {
    expect(declaredFor(declared, type, "from-clients")).toBe(found);
  });

  test("what the protocol says itself is so by its direction", () => {
    expect(declaredFor(declared, "gap", "from-servers")).toBeUndefined();
    expect(declaredFor(declared, "gap", "from-clients")).toBe("for any");
  });

  test("without any it is by name alone", () => {
    expect(declaredFor(new Map([["said", 1]]), "typed", "from-servers")).toBeUndefined();
  });
});

import { describe, expect, test } from "vitest";
import { forbidden, TidingsError, unauthorized } from "./tidings-error.js";

describe("a TidingsError", () => {
  test("has a code, which is its message where it is given none", () => {
    const error = new TidingsError("not_found");

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "TidingsError", code: "not_found" });
    expect(String(error)).toBe("TidingsError: not_found");
  });

  test("takes the message it is given, an empty one too", () => {
    expect(new TidingsError("not_found", "No such room.").message).toBe("No such room.");
    expect(new TidingsError("not_found", "").message).toBe("");
  });

  test("may have a refusal's reason or an app's own code", () => {
    expect(new TidingsError("overloaded").message).toBe("overloaded");
    expect(new TidingsError("sold_out").message).toBe("sold_out");
    expect(new TidingsError("constructor").message).toBe("constructor");
  });

  test("carries issues, the time to wait and its cause", () => {
    const cause = new Error("first");
    const issues = [{ path: ["items", 0, "text"], message: "Too short." }];
    const error = new TidingsError("invalid_payload", undefined, { issues, retryAfterMs: 250, cause });

    expect(error).toMatchObject({ issues, retryAfterMs: 250 });
    expect(error.cause).toBe(cause);
  });

  test("has no field for what it does not carry", () => {
    expect(Object.keys(new TidingsError("internal")).sort()).toEqual(["code", "name"]);
    expect("cause" in new TidingsError("internal")).toBe(false);
  });

  test.each(["", "Sold", "sold-out", "x".repeat(65), "1st", "a b", "a\n"])("can't have the code %j", (code) => {
    expect(() => new TidingsError(code)).toThrow(TypeError);
  });
});

test("forbidden and unauthorized are such errors", () => {
  expect(forbidden()).toMatchObject({ code: "forbidden", message: "This is not allowed." });
  expect(forbidden("Admin only")).toMatchObject({ code: "forbidden", message: "Admin only" });
  expect(unauthorized()).toMatchObject({ code: "unauthorized", message: "A valid credential is needed." });
  expect(unauthorized("Log in")).toBeInstanceOf(TidingsError);
});

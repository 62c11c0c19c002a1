import { expect, test } from "vitest";
import { ConfigError } from "./config-error.js";

const details = { message: 'The message "say" has two handlers.', fix: "Rename one of them." };

test("a ConfigError reads as what is wrong, then what to do", () => {
  const error = new ConfigError("duplicate_message", details);

  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: "ConfigError", code: "duplicate_message", fix: "Rename one of them." });
  expect(String(error)).toBe('ConfigError: The message "say" has two handlers. Rename one of them.');
});

test("a ConfigError keeps its cause, and has none where none was given", () => {
  const cause = new Error("first");

  expect(new ConfigError("x", { ...details, cause }).cause).toBe(cause);
  expect("cause" in new ConfigError("x", details)).toBe(false);
});

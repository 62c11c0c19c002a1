import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withEnvFile } from "./env-file.js";

test("what the environment says comes before what the file says", () => {
  const folder = mkdtempSync(join(tmpdir(), "tidings-env-"));
  const file = join(folder, "my.env");
  writeFileSync(file, '# mine\nA=1\nB="two words"\n');
  expect(withEnvFile({ A: "2" }, file)).toEqual({ A: "2", B: "two words" });
  rmSync(folder, { recursive: true });
});

test("a folder needs no .env, but a file that was named is there", () => {
  // Where tests run there is none.
  expect(withEnvFile({ A: "2" })).toMatchObject({ A: "2" });
  expect(() => withEnvFile({}, "nowhere.env")).toThrow(expect.objectContaining({ code: "unreadable_env_file" }));
});

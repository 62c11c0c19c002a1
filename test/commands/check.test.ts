import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Program } from "../support/child-process.js";

/** A folder with these files, which goes when the test is over. */
function folderOf(files: Readonly<Record<string, string>>) {
  const path = mkdtempSync(join(tmpdir(), "tidings-check-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

test("an app of one's own is looked at as it would warn at its start, and is not started", async () => {
  using folder = folderOf({
    "app.ts": `import { createApp, endpoint } from ${JSON.stringify(source("index.ts"))};
import { jwt } from ${JSON.stringify(source("auth/index.ts"))};
const user = jwt({ secret: process.env.SECRET as string, from: ["cookie"], cookie: "session" });
const ws = endpoint("/ws", { auth: user });
export const app = createApp({ endpoints: [ws], origins: ["*"], onStart() { throw new Error("It starts."); } });`,
  });
  const args = ["check", join(folder.path, "app.ts"), "--json"];
  const [weak, missing] = [{ SECRET: "short" }, {}].map((env) => new Program("src/cli/index.ts", env, args));
  expect(await weak?.exit()).toBe(1);
  expect(JSON.parse(weak?.stdout[0] ?? "")).toMatchObject({
    findings: [{ code: "weak_secret" }, { code: "any_origin_with_cookies" }],
  });
  expect(await missing?.exit()).toBe(1);
  expect(JSON.parse(missing?.stdout[0] ?? "")).toMatchObject({
    findings: [{ severity: "error", code: "missing_secret" }],
  });
});

function source(file: string): string {
  return fileURLToPath(new URL(`../../src/${file}`, import.meta.url));
}

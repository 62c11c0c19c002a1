import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Program } from "../support/child-process.js";
import { secret, signToken } from "../support/tokens.js";
import { dial } from "../support/ws-client.js";

/** A folder with these files, which goes when the test is over. */
function folderOf(files: Readonly<Record<string, string>>) {
  const path = mkdtempSync(join(tmpdir(), "tidings-serve-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

test("the command serves what a file and the environment say, tells where, and drains at SIGTERM", async () => {
  using folder = folderOf({ "t.json": JSON.stringify({ channels: { "chat/:room": { subscribe: "users" } } }) });
  await using program = new Program("src/cli/index.ts", { TIDINGS_JWT_SECRET: secret, TIDINGS_PORT: "0" }, [
    "serve",
    "--json",
    "--config",
    join(folder.path, "t.json"),
  ]);
  const started = JSON.parse(await program.line(/"url"/)) as { url: string };
  expect(started).toMatchObject({ endpoints: ["/ws"], channels: ["chat/:room"], workers: 1, redis: false, api: false });
  const ana = await dial(`${started.url}/ws`, { token: signToken({ sub: "ana" }) });
  expect(await ana.ask("subscribe", { channel: "chat/a" })).toMatchObject({ type: "subscribed" });
  expect(await (await fetch(`${started.url}/readyz`)).text()).toContain("ready");
  const stopped = program.stop();
  expect(await ana.closed).toMatchObject({ code: 1001 });
  expect(await stopped).toBe(0);
  expect(program.stdout).toHaveLength(1);
});

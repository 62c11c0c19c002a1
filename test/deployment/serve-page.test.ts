import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { freePort } from "../support/redis/free-port.js";
import { readRepositoryFile } from "../support/repository.js";
import { signToken } from "../support/tokens.js";
import { dial } from "../support/ws-client.js";
import { withFolder } from "./folder.js";
import { ForeignProgram } from "./foreign-program.js";

const page = readRepositoryFile("docs/how-to/serve.md");
const command = fileURLToPath(new URL("../../src/cli/index.ts", import.meta.url));

test("who types along what serve.md says first has a server, is let in, and publishes to it", async () => {
  const [begin = "", , publish = ""] = Array.from(page.matchAll(/^```sh\n(.*?)^```$/gms), ([, code]) => code);
  const port = await freePort();
  await withFolder(async (folder) => {
    await using server = new ForeignProgram("sh", ["-ec", typed(begin, port)], { cwd: folder });
    expect(await server.line(/listens at/)).toContain(`http://127.0.0.1:${port}`);
    const { TIDINGS_JWT_SECRET: key = "" } = parseEnv(readFileSync(join(folder, ".env"), "utf8"));
    const alice = await dial(`http://127.0.0.1:${port}/ws`, { token: signToken({ sub: "alice" }, { key }) });
    await alice.ask("subscribe", { channel: "chat/lobby" });
    await using asked = new ForeignProgram("sh", ["-ec", typed(publish, port)], { cwd: folder });
    expect(await asked.exit()).toBe(0);
    expect(await alice.next()).toMatchObject({ type: "said", channel: "chat/lobby", payload: { text: "hello" } });
    expect(await server.stop()).toBe(0);
  });
});

test("where it needs a package beside Tidings, it says so", () => {
  expect(page).toMatch(/^npm install redis\n.*--workers /m);
});

/** With this Tidings in the place of an installed one, and another port. */
function typed(block: string, port: number): string {
  const tidings = `exec ${process.execPath} --import ${import.meta.resolve("tsx")} ${command}`;
  return block
    .replace("npm install tidings", ":")
    .replaceAll("npx tidings", `TIDINGS_PORT=${port} ${tidings}`)
    .replaceAll(":8000", `:${port}`);
}

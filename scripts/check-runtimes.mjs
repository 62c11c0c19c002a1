// Runs a program with our client, from the package as it would be published, on the present Node over `ws`, and on Node 24
// with the WebSocket that it has. Before, it is type-checked as a program without the types of a browser.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { compile, withUserProject } from "./user-project.mjs";
import { UserServer } from "./user-server.mjs";

const run = promisify(execFile);
/** How long the program may take, which it needs a second or two for. */
const PATIENCE_MS = 20_000;

await withUserProject("runtimes", async (folder) => {
  await compile(folder, "--project", ".");
  const node24 = findNode24(folder);
  await check(folder, process.execPath, withoutWebSocket(), "ws");
  await check(folder, node24, [], "its own WebSocket");
});

/** The server on the same Node as the client. */
async function check(folder, node, flags, socket) {
  const { stdout: version } = await run(node, ["--version"]);
  const name = `Node ${version.trim().slice(1)}, ${socket}`;
  const server = new UserServer(folder, node);
  try {
    const url = await server.url;
    const client = await run(node, [...flags, "smoke.js", url], { cwd: folder, timeout: PATIENCE_MS });
    assert.deepEqual(client, { stdout: `passed with ${socket}\n`, stderr: "" });
    assert.equal(await server.end(), 0, "The server did not end well.");
    assert.ok(server.printed.includes("left with 4000 done"), "The server was not told how the client left.");
    console.log(`${name}: passes`);
  } catch (error) {
    const why = error.killed ? `The client did not end within ${PATIENCE_MS} ms.` : error.message;
    console.error([`${name}: fails`, why, error.stdout, "The server said:", server.printed, server.logged].join("\n"));
    process.exitCode = 1;
  } finally {
    server.kill();
  }
}

/** From Node 22 on there is one that has to be taken away. */
function withoutWebSocket() {
  return "WebSocket" in globalThis ? ["--no-experimental-websocket"] : [];
}

/** Of those that test/runtimes/package.json names, npm has installed the one that runs here. */
function findNode24(folder) {
  const { optionalDependencies } = readJson(join(folder, "package.json"));
  const packages = Object.keys(optionalDependencies).map((name) => join(folder, "node_modules", name));
  const installed = packages.find((path) => existsSync(path));
  if (installed === undefined) throw new Error("npm has no Node 24 for this computer: see test/runtimes/package.json.");
  return join(installed, readJson(join(installed, "package.json")).bin.node);
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

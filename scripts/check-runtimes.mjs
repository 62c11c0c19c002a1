// On Bun, Deno and Node 24, as npm has them: the suites of the transport and of the client; programs with our client and our
// server, from the package as it would be published, type-checked before as without the types of a browser. The programs run
// on the present Node too, over `ws`.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { compile, withUserProject } from "./user-project.mjs";
import { UserServer } from "./user-server.mjs";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../", import.meta.url));
/** How long a program may take, which it needs a second or two for. */
const PATIENCE_MS = 20_000;
/** How long a runtime may take for the suites, which it needs 20 s for. */
const SUITES_PATIENCE_MS = 120_000;

await withUserProject("runtimes", async (folder) => {
  await compile(folder, "--project", ".");
  const installed = [
    { runtime: "bun", command: [find(folder, /^@oven\/bun-/, "bin/bun"), "--bun"] },
    { runtime: "deno", command: [find(folder, /^@deno\//, "deno"), "run", "--allow-all"] },
    { runtime: "node24", command: [find(folder, /^node-/, "bin/node")] },
  ];
  const present = { runtime: "the present Node", command: [process.execPath, ...withoutWebSocket()], socket: "ws" };
  // One after the other: some of the suites look at what a busy computer does otherwise.
  for (const place of installed) await check(`the suites on ${place.runtime}`, () => runSuites(place));
  for (const place of installed) await checkPrograms(folder, { ...place, socket: "its own WebSocket" });
  await checkPrograms(folder, present);
});

/** Says how it went: `use` resolves with what there is to tell. */
async function check(name, use) {
  const began = Date.now();
  try {
    const told = await use();
    console.log(`${name}: ${told}, ${((Date.now() - began) / 1000).toFixed(1)} s`);
  } catch (error) {
    const why = error.killed ? "It did not end in time." : error.message;
    console.error([`${name}: fails`, why, error.stdout, error.stderr].filter(Boolean).join("\n"));
    process.exitCode = 1;
  }
}

/** In this repository, with its vitest. */
async function runSuites({ runtime, command: [program, ...flags] }) {
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/runtimes/suites/vitest.config.ts"];
  const env = { ...process.env, RUNTIME_UNDER_TEST: runtime, NO_COLOR: "1" };
  const options = { cwd: root, env, timeout: SUITES_PATIENCE_MS, maxBuffer: 1 << 26 };
  const { stdout } = await run(program, [...flags, ...vitest], options);
  const [, told] = /Tests +(.+)/.exec(stdout) ?? [];
  assert.ok(told, `It told no tests:\n${stdout}`);
  return told;
}

async function checkPrograms(folder, { runtime, command, socket }) {
  await check(`the client's program on ${runtime}`, () => runClient(folder, command, socket));
  await check(`the README's chat room on ${runtime}`, async () => {
    const { stdout } = await runProgram(folder, command, "readme.js");
    assert.equal(stdout, "passed\n");
    return "passed";
  });
}

/** The server on the same runtime as the client. */
async function runClient(folder, command, socket) {
  const server = new UserServer(folder, command);
  try {
    const client = await runProgram(folder, command, "smoke.js", await server.url);
    assert.deepEqual(client, { stdout: `passed with ${socket}\n`, stderr: "" });
    assert.equal(await server.end(), 0, "The server did not end well.");
    assert.ok(server.printed.includes("left with 4000 done"), "The server was not told how the client left.");
    return `passed with ${socket}`;
  } catch (error) {
    error.message += `\nThe server said:\n${server.printed}${server.logged}`;
    throw error;
  } finally {
    server.kill();
  }
}

function runProgram(cwd, [program, ...flags], ...args) {
  return run(program, [...flags, ...args], { cwd, timeout: PATIENCE_MS });
}

/** From Node 22 on there is one that has to be taken away. */
function withoutWebSocket() {
  return "WebSocket" in globalThis ? ["--no-experimental-websocket"] : [];
}

/** Of the packages of a runtime, one for each kind of computer, npm has installed the one for this. */
function find(folder, name, program) {
  const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  const places = Object.keys(packages).filter((place) => name.test(place.slice("node_modules/".length)));
  const names = [program, `${program}.exe`];
  const found = places
    .flatMap((place) => names.map((file) => join(folder, place, file)))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error(`npm has no ${program} for this computer: see test/runtimes/package.json.`);
  return found;
}

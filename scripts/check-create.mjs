// A new project, as a user makes it of the package as it would be published: it is installed into an empty folder, `tidings
// create` is run, and what that has written is installed, type-checked and built. Then, where there is no network but
// loopback, it is looked at by the commands that load an app, tested, started, talked to, and reloaded by `tidings dev`.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { npm, pack } from "./user-project.mjs";

const run = promisify(execFile);
const quiet = ["--loglevel=error", "--no-audit", "--no-fund", "--prefer-offline"];
/** How long all that may take without a network, which it needs ten seconds for. */
const PATIENCE_MS = 120_000;
const [, , isolated] = process.argv;

async function createAndInstall() {
  const folder = mkdtempSync(join(tmpdir(), "tidings-create-"));
  try {
    const tarball = await pack(join(folder, "package"));
    const empty = join(folder, "empty");
    mkdirSync(empty);
    await npm(empty, "install", ...quiet, tarball);
    await run("npx", ["--no-install", "tidings", "create", "demo"], { cwd: empty });
    const demo = join(empty, "demo");
    const { name, dependencies } = JSON.parse(readFileSync(join(demo, "package.json"), "utf8"));
    assert.equal(name, "demo");
    assert.match(dependencies.tidings, /^file:\.\.\/.+\.tgz$/, "It depends on the tarball that it was created from.");
    await npm(demo, "install", ...quiet);
    await Promise.all([npm(demo, "run", "check"), npm(demo, "run", "build")]);
    console.log("a new project: installed, checked and built");
    await withoutNetwork(demo);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** This very script, in a network of its own in which there is nobody else. */
async function withoutNetwork(demo) {
  const script = 'ip link set lo up && exec "$@"';
  const command = [process.execPath, fileURLToPath(import.meta.url), demo];
  const { stdout } = await run("unshare", ["-rn", "sh", "-c", script, "sh", ...command], { timeout: PATIENCE_MS });
  process.stdout.write(stdout);
}

async function testAndTalk(demo) {
  await assert.rejects(fetch("http://192.0.2.1"), "There is no network here, or so it should be.");
  const [tested, checked, document] = await Promise.all([
    npm(demo, "test"),
    tidings(demo, "check", "app.ts"),
    tidings(demo, "asyncapi", "app.ts"),
  ]);
  assert.match(tested, /2 passed/);
  assert.equal(checked, "Nothing was found in app.ts that should not be left so.\n");
  assert.equal(JSON.parse(document).channels.ws_rooms_room.address, "/ws/rooms/{room}");
  console.log("a new project without a network: tested, checked and documented");
  const started = new Running(demo, "npm", ["start"]);
  try {
    const [, url] = await started.line(/^listening on (\S+)$/);
    await talk(demo, url);
    assert.equal((await fetch(`${url}/docs`)).status, 200);
  } finally {
    await started.stop();
  }
  console.log("a new project without a network: started, and talked to");
  const dev = new Running(demo, "npx", ["--no-install", "tidings", "dev", "app.ts", "--json"]);
  try {
    const { url } = JSON.parse((await dev.line(/^\{"event":"listening"/)).input);
    const app = join(demo, "app.ts");
    writeFileSync(app, readFileSync(app, "utf8").replace("user.sub, text }", "user.sub, text: text.toUpperCase() }"));
    await dev.line(/^\{"event":"reloaded"/);
    await talk(demo, url, "HELLO");
  } finally {
    await dev.stop();
  }
  console.log("a new project without a network: reloaded");
}

/** The command, as it is packed: what it says on stdout. */
async function tidings(demo, ...args) {
  const { stdout } = await run("npx", ["--no-install", "tidings", ...args], { cwd: demo });
  return stdout;
}

/** One says hello, and another hears it. */
async function talk(demo, url, expected = "hello") {
  const { connect } = await import(pathToFileURL(createRequire(join(demo, "app.ts")).resolve("tidings/client")).href);
  const [ana, bob] = await Promise.all(["ana", "bob"].map(enter));
  const heard = new Promise((resolve) => bob.on("said", resolve));
  await ana.request("say", { text: "hello" });
  assert.deepEqual(await heard, { from: "ana", text: expected });
  for (const client of [ana, bob]) client.close();

  async function enter(name) {
    const { stdout } = await run("npm", ["run", "--silent", "token", name], { cwd: demo });
    const client = connect(`${url}/ws/rooms/lobby`, { token: stdout.trim() });
    await new Promise((resolve, reject) => {
      client.onStatus((status, why) => {
        if (status === "open") resolve(undefined);
        if (status === "closed") reject(new Error(`${name} was not let in: ${why?.code} ${why?.reason}`));
      });
    });
    return client;
  }
}

/** A command of the project, with all that it starts. */
class Running {
  #child;
  #closed;
  #said = [];
  #lines;

  constructor(cwd, command, args) {
    this.#child = spawn(command, args, { cwd, detached: true, stdio: ["ignore", "pipe", "inherit"] });
    this.#closed = new Promise((resolve) => this.#child.once("close", resolve));
    this.#lines = createInterface({ input: this.#child.stdout }).on("line", (line) => this.#said.push(line));
  }

  /** The first that fits. */
  line(pattern) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.#said.map((line) => pattern.exec(line)).find((match) => match !== null);
        if (found !== undefined) resolve(found);
      };
      look();
      this.#lines.on("line", look);
      this.#lines.once("close", () =>
        reject(new Error(`It ended without a line ${pattern}:\n${this.#said.join("\n")}`)),
      );
    });
  }

  /** As Ctrl-C does. */
  async stop() {
    process.kill(-this.#child.pid, "SIGINT");
    await this.#closed;
  }
}

// Behind the class, which is there from here on.
if (isolated === undefined) await createAndInstall();
else await testAndTalk(isolated);

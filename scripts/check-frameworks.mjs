// Has an app of ours beside the routes and the sockets of others: on node:http, Express, Fastify, Hono's server and Next's
// custom server, in development and in production, from the package as it would be published. The programs are those that
// docs/how-to/frameworks.md shows.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { WebSocket } from "ws";
import { FrameworkProgram, inTime, PATIENCE_MS } from "./framework-program.mjs";
import { withUserProject } from "./user-project.mjs";

const PROGRAMS = [
  { name: "node:http", file: "node-http.mjs" },
  { name: "Express", file: "express.mjs", package: "express" },
  { name: "Fastify", file: "fastify.mjs", package: "fastify" },
  { name: "Hono", file: "hono.mjs", package: "hono" },
  { name: "Next in development", file: "next.mjs", package: "next", reload: "/_next/hmr?id=1" },
  { name: "Next in production", file: "next.mjs", package: "next", env: { NODE_ENV: "production" }, hasBuild: true },
];
const KEY = "a-key-of-the-frameworks";
const ENVIRONMENT = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", TIDINGS_HTTP_API_KEYS: KEY };

await withUserProject("frameworks", async (folder) => {
  // Next's two share a folder of builds: one after the other, and beside the others.
  const small = PROGRAMS.filter(({ package: name }) => name !== "next");
  const next = PROGRAMS.filter(({ package: name }) => name === "next");
  await Promise.all([small, next].map((programs) => checkInTurn(folder, programs)));
});

async function checkInTurn(folder, programs) {
  for (const program of programs) {
    const name = `${program.name}${program.package === undefined ? "" : ` ${versionOf(folder, program.package)}`}`;
    const startedAt = performance.now();
    const beside = program.hasBuild
      ? await buildNext(folder).then(() => start(folder, program))
      : await start(folder, program);
    try {
      await check(beside, program);
      console.log(`${name}: passes (${Math.round(performance.now() - startedAt)} ms)`);
    } catch (error) {
      console.error([`${name}: fails`, error.stack, "It said:", beside.said].join("\n"));
      process.exitCode = 1;
    } finally {
      beside.kill();
    }
  }
}

async function check(beside, { name, reload, hasBuild = false }) {
  const { url } = beside;
  // Before anything else, as a tab that was left open does: nobody has a listener yet, and it comes back.
  if (reload !== undefined) await assert.rejects(dial(`${url}${reload}`), { message: "404" });

  assert.match(await read(`${url}/`), /theirs/, "Their own route does not answer.");
  assert.equal(await read(`${url}/healthz`), '{"status":"ok"}', "Our pages do not answer.");
  if (!hasBuild) assert.match(await read(`${url}/docs`), /<title>/, "Our console does not answer.");
  assert.equal((await fetch(`${url}/ws/chat`)).status, 426, "An endpoint's path asked for without an upgrade.");

  const ours = await dial(`${url}/ws/chat`);
  await talk(ours, "alone");
  await publish(ours, `${url}/api/publish`, { channel: "news", type: "said", payload: { text: "by the API" } });
  if (name === "Express") await publish(ours, `${url}/news`, { text: "by a route" });
  await beside.tell("other");
  await hear(`${url}/other`, "theirs");
  await beside.tell("late");
  await hear(`${url}/late`, "theirs");
  if (reload !== undefined) await dialAndLeave(`${url}${reload}`);
  await beside.tell("greedy");
  await hear(`${url}/greedy`, "theirs");
  await assert.rejects(dial(`${url}/nowhere`), { message: "400" });
  const second = await dial(`${url}/ws/chat`);
  await talk(second, "beside the others");
  await talk(ours, "as before");

  const closes = [ours, second].map((socket) => once(socket, "close"));
  await beside.tell("close");
  for (const [code, reason] of await Promise.all(closes)) assert.equal(`${code} ${reason}`, "1001 going_away");
  assert.match(await read(`${url}/`), /theirs/, "Their server does not serve when our app is closed.");
  await hear(`${url}/greedy`, "theirs");
  assert.equal(await beside.end(), 0, "The program did not end well.");
}

/** Of production, without which Next serves nothing. */
async function buildNext(folder) {
  const next = join(folder, "node_modules/next/dist/bin/next");
  await promisify(execFile)(process.execPath, [next, "build", "next-app"], {
    cwd: folder,
    env: ENVIRONMENT,
  });
}

async function start(folder, { file, env = {} }) {
  const port = await freePort();
  const beside = new FrameworkProgram(
    folder,
    file,
    { ...ENVIRONMENT, ...env, PORT: String(port) },
    `http://127.0.0.1:${port}`,
  );
  await beside.ready();
  return beside;
}

async function read(url) {
  return (await fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(PATIENCE_MS) })).text();
}

/** Rejects with the status where it is refused. */
function dial(url) {
  const socket = new WebSocket(url.replace("http", "ws"));
  const opened = new Promise((resolve, reject) => {
    socket.on("open", () => resolve(socket));
    socket.on("error", reject);
    socket.on("unexpected-response", (request, response) => {
      request.destroy();
      reject(new Error(String(response.statusCode)));
    });
  });
  return inTime(opened, `Nobody answers ${url}.`);
}

async function talk(socket, text) {
  const heard = once(socket, "message");
  socket.send(JSON.stringify({ type: "say", payload: { text }, id: text }));
  const [data] = await inTime(heard, "Our endpoint does not answer.");
  assert.deepEqual(JSON.parse(data), { type: "reply", id: text, payload: { heard: text } });
}

/** Is it said to who listens? */
async function publish(socket, url, body) {
  const subscribed = once(socket, "message");
  socket.send(JSON.stringify({ type: "subscribe", payload: { channel: "news" } }));
  assert.equal(JSON.parse((await inTime(subscribed, "Nobody can subscribe."))[0]).type, "subscribed");
  const messages = [];
  const heard = new Promise((resolve) => {
    socket.on("message", function look(data) {
      messages.push(JSON.parse(data));
      if (messages.at(-1).type !== "unsubscribed") return;
      socket.off("message", look);
      resolve();
    });
  });
  const headers = { "content-type": "application/json", authorization: `Bearer ${KEY}`, connection: "close" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${url}: ${answer.status} ${await answer.text()}`);
  socket.send(JSON.stringify({ type: "unsubscribe", payload: { channel: "news" } }));
  await inTime(heard, "Nobody is told what is published.");
  assert.deepEqual(messages[0].payload, body.payload ?? body);
}

async function hear(url, text) {
  const socket = new WebSocket(url.replace("http", "ws"));
  const [data] = await inTime(once(socket, "message"), `Nobody speaks at ${url}.`);
  assert.equal(String(data), text);
  socket.terminate();
}

async function dialAndLeave(url) {
  (await dial(url)).terminate();
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function versionOf(folder, name) {
  return JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { channel, endpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { Program } from "../support/child-process.js";
import { Inbox } from "../support/inbox.js";
import { serve } from "../support/served-app.js";

const cli = "src/cli/index.ts";
const chat = channel("chat/:room", {
  events: { said: z.object({ text: z.string() }) },
  history: { size: 10, ttl: "1h" },
  allow: { subscribe: true },
});
const room = { room: "a" };
const listening = (url: string) => ["listen", `${url}/ws`, "--subscribe", "chat/a", "--rewind", "1"];

/** A server where something was said already, and how those who were there have left. */
async function serveChat() {
  const left = new Inbox<unknown>("left");
  const reader = endpoint("/ws", { channels: [chat], close: (_, closed) => left.put(closed) });
  const server = await serve({ endpoints: [reader] });
  await server.app.publish(chat(room), "said", { text: "hi" });
  return { ...server, left };
}

test.concurrent("`listen` that Ctrl-C ends has done what it was to do, and closes well", async () => {
  await using server = await serveChat();
  const listen = new Program(cli, {}, listening(server.url));
  expect(JSON.parse(await listen.line(/said/))).toMatchObject({ payload: { text: "hi" } });
  expect(await listen.stop("SIGINT")).toBe(0);
  expect(listen.stderr).toEqual(["Connected.", "On chat/a."]);
  expect(await server.left.next()).toMatchObject({ code: 1000 });
});

test.concurrent("whoever reads may have had enough, as `| head` has: it ends, and says nothing of it", async () => {
  await using server = await serveChat();
  const args = ["--import", "tsx", cli, ...listening(server.url), "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const said: string[] = [];
  child.stderr.on("data", (text) => said.push(String(text)));
  const exited = once(child, "close");
  await once(child.stdout, "data");
  child.stdout.destroy();
  await once(child.stdout, "close");
  await server.app.publish(chat(room), "said", { text: "is anybody there?" });
  expect([await exited, said.join("")]).toEqual([[0, null], ""]);
});

test.concurrent("`asyncapi` prints the document of an app, and nothing else; the app is not started, and what it left open keeps nobody", async () => {
  const file = "test/integration/programs/described-app.ts";
  const folder = mkdtempSync(join(tmpdir(), "tidings-asyncapi-"));
  const out = join(folder, "openapi.json");
  const printed = new Program(cli, {}, ["asyncapi", file]);
  const written = new Program(cli, {}, ["asyncapi", file, "--openapi", "--out", out, "--json"]);
  expect([await printed.exit(), await written.exit()]).toEqual([0, 0]);
  const document = JSON.parse(printed.stdout.join("\n"));
  expect(document).toMatchObject({ asyncapi: "3.0.0", channels: { ws_rooms_room: { address: "/ws/rooms/{room}" } } });
  expect(printed.stderr).toEqual(["the module is loaded"]);
  expect(written.stdout).toEqual([JSON.stringify({ out })]);
  expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject({ openapi: "3.1.0" });
  rmSync(folder, { recursive: true });
});

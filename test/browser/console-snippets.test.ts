import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPages } from "../../ui/build.mjs";
import { launchChromium } from "../support/chromium.js";
import { Inbox } from "../support/inbox.js";
import { ConsoleVisitor, consoleOf } from "./console-visitor.js";
import { type ServedShowcase, serveShowcase } from "./served-showcase.js";
import { tokenOf } from "./start-showcase.js";

let browser: Browser;
let showcase: ServedShowcase;
beforeAll(async () => {
  await buildPages();
  [browser, showcase] = await Promise.all([launchChromium(), serveShowcase()]);
});
afterAll(async () => {
  await browser.close();
  await showcase.close();
});

test.each([
  ["/ws/rooms/:room", "whoami"],
  ["/ws", "whoami"],
])("the code for our client at %s runs, and is answered", async (path, message) => {
  await using alice = await enter();
  const code = await codeOf(alice, path, "Our client", message);
  expect(code).toContain("<token>");
  const said = await run(alice, await bundled(withToken(code)));
  await said.next((line) => line.includes('"name":"Alice"'));
});

test.each([
  ["subprotocol", "/ws/rooms/:room"],
  ["message", "/ws"],
  ["query", "/ws/rooms/:room"],
])("plain code for a browser runs with the token by %s, and is answered", async (place, path) => {
  await using alice = await enter();
  await alice.choose(path);
  await alice.page.getByText("How it connects").click();
  await alice.page.getByLabel("The token goes").selectOption(place);
  const said = await run(alice, withToken(await codeOf(alice, path, "Browser", "whoami")));
  await said.next((line) => line.includes('"reply"') && line.includes('"name":"Alice"'));
});

test("the code for a raw endpoint runs, and hears itself", async () => {
  await using alice = await enter();
  const said = await run(alice, await codeOf(alice, "/ws/echo", "Browser"));
  await said.next((line) => line.includes("hello"));
});

test.each([
  ["/ws/rooms/:room", "say"],
  ["/ws", "report"],
  ["/ws/users/:user", undefined],
  ["/ws/me", undefined],
  ["/ws/admin", "kick"],
  ["/ws/subscribe/:topic", undefined],
  ["/ws/echo", undefined],
])("the Python for %s is Python", async (path, message) => {
  await using alice = await enter();
  const code = await codeOf(alice, path, "Python", message);
  const check = "import ast, sys; ast.parse(sys.stdin.read())";
  const { status, stderr } = spawnSync("python3", ["-c", check], { input: code, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

test("code subscribes to what one has subscribed to, and hears what the server puts one on", async () => {
  await using alice = await enter();
  await alice.choose("/ws/rooms/:room");
  await alice.connectAs("alice");
  await alice.frame(1, /subscribed.*chat/).waitFor();
  const joined = await codeOf(alice, "/ws/rooms/:room", "Our client", "say");
  expect(joined).toContain('client.on("said"');
  expect(await codeOf(alice, "/ws/rooms/:room", "Browser", "say")).not.toContain("subscribe");
  const said = await run(alice, await bundled(withToken(joined)));
  await alice.messages.getByLabel("text", { exact: true }).fill("to all who hear");
  await alice.messages.getByRole("button", { name: "Send say" }).click();
  await said.next((line) => line.includes("to all who hear"));

  expect(await codeOf(alice, "/ws", "Our client", "whoami")).not.toContain("subscribe(");
  await alice.connectAs("alice");
  const prices = alice.channel("prices/:symbol");
  await prices.getByLabel("symbol", { exact: true }).fill("ETH");
  await prices.getByRole("button", { name: "Subscribe" }).click();
  await prices.getByText("On prices/ETH", { exact: true }).waitFor();
  expect(await codeOf(alice, "/ws", "Our client", "whoami")).toContain(
    'client.subscribe("prices/:symbol", { symbol: "ETH" }',
  );
});

test("code for what begins a task waits for its end", async () => {
  await using alice = await enter();
  await alice.choose("/ws");
  await alice.connectAs("alice");
  await alice.messages.getByText("report", { exact: true }).click();
  await alice.messages.getByLabel("pages", { exact: true }).fill("1");
  await alice.messages.getByRole("button", { name: "Send report" }).click();
  await alice.frame(1, /task_started/).waitFor();
  const code = await codeOf(alice, "/ws", "Our client", "report");
  const said = await run(alice, await bundled(withToken(code)));
  await said.next((line) => line === '[{"summary":"1 pages are ready"}]');
});

test("where a cookie says who one is, a program sends it, and a browser does so by itself", async () => {
  await using alice = await enter();
  const python = await codeOf(alice, "/ws/me", "Python");
  expect(python).toContain('COOKIE = "session_id=<session_id>"');
  expect(python).toContain('additional_headers={"Cookie": COOKIE}');
  for (const language of ["Browser", "Our client"])
    expect(await codeOf(alice, "/ws/me", language)).toContain("// The cookie session_id goes by itself");
});

test("what is filled in is in the code, and the token is not", async () => {
  await using alice = await enter();
  await alice.choose("/ws/rooms/:room");
  await alice.page.getByLabel("room").first().fill('a "quoted" room');
  await alice.messages.getByLabel("text", { exact: true }).fill('both "quotes" and\nlines');
  const code = await codeOf(alice, "/ws/rooms/:room", "Browser", "say");
  expect(code).toContain("/ws/rooms/a%20%22quoted%22%20room");
  expect(code).toContain(JSON.stringify('both "quotes" and\nlines'));
  expect(code).not.toContain(tokenOf(showcase.links.alice));
  await alice.page.getByRole("button", { name: "Copy the code" }).click();
  await alice.page.getByRole("status").getByText("Copied", { exact: true }).waitFor({ state: "attached" });
});

function enter(): Promise<ConsoleVisitor> {
  return ConsoleVisitor.open(browser, consoleOf(showcase.url, tokenOf(showcase.links.alice)));
}

/** The code that the console shows for an endpoint, and a message of it where it has several. */
async function codeOf(visitor: ConsoleVisitor, path: string, language: string, message?: string): Promise<string> {
  await visitor.choose(path);
  const card = visitor.page.getByRole("region", { name: "In code" });
  if (message !== undefined) await card.getByLabel("The message in it").selectOption(message);
  await card.getByText(language, { exact: true }).click();
  return (await card.getByRole("region", { name: "The code" }).textContent()) ?? "";
}

function withToken(code: string): string {
  return code.replace("<token>", tokenOf(showcase.links.alice));
}

/** With our client in it, and without its types, as a bundler does it. */
async function bundled(code: string): Promise<string> {
  const client = fileURLToPath(new URL("../../src/client/index.ts", import.meta.url));
  const { outputFiles } = await build({
    stdin: { contents: code, loader: "ts" },
    alias: { "tidings/client": client },
    bundle: true,
    format: "esm",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

/** Runs it in a page, and gives what it writes to its console. */
async function run({ page }: ConsoleVisitor, code: string): Promise<Inbox<string>> {
  const said = new Inbox<string>("The snippet's console");
  await page.exposeFunction("told", (line: string) => said.put(line));
  const console = "const tell = (...all) => told(JSON.stringify(all)), console = { log: tell, error: tell };";
  await page.evaluate(`(async () => { ${console}\n${code} })()`);
  return said;
}

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as Y from "yjs";
import { app } from "../../examples/editor/app.js";
import { updateFrame } from "../../examples/editor/sync-protocol.js";
import { servePage } from "../../examples/page-server.js";
import { signIn } from "../../examples/sign-in.js";
import { launchChromium } from "../support/chromium.js";
import { dial, type Refusal } from "../support/ws-client.js";
import { OpenedPage, phone } from "./opened-page.js";
import { SharedWriter } from "./shared-writer.js";
import { startExample } from "./started-example.js";

let browser: Browser;
let folder: string;
let server: Awaited<ReturnType<typeof servePage>>;
beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "editor-")), "documents");
  process.env.DOCUMENTS = folder;
  [browser, server] = await Promise.all([launchChromium(), serve()]);
});
afterAll(async () => {
  await browser.close();
  await server.close();
  await rm(dirname(folder), { recursive: true });
});

test("P30: an editor: two who write at once have the same text, by the provider that Yjs has for everybody", async () => {
  using ana = await SharedWriter.open(server.url, "ana", { document: "both" });
  using bob = await SharedWriter.open(server.url, "bob", { document: "both" });
  ana.write("one ");
  await bob.has("one ");
  ana.provider.disconnect();
  ana.write("ANA ", 0);
  bob.write("bob ");
  ana.provider.connect();
  await ana.has("ANA one bob ");
  await bob.has("ANA one bob ");
  using carl = await SharedWriter.open(server.url, "carl", { document: "both" });
  expect(carl.text.toString()).toBe("ANA one bob ");
});

test("P30: an editor: what was saved is there after the process is killed, and pages come back by themselves", async () => {
  const first = await startExample("editor", { DOCUMENTS: folder });
  const { url } = first;
  await using page = await OpenedPage.open(browser, url);
  await page.enter("Your name", "Carl");
  await page.shows("All is saved.");
  const ana = await SharedWriter.open(url, "ana", { document: "killed" });
  ana.write("kept");
  await ana.saved.next((count) => count === 2); // the first was the answer to what the server lacks
  await first.program.stop("SIGKILL");
  ana[Symbol.dispose](); // so that the disk alone has it
  await page.shows("Offline");
  await page.field("Text").press("Control+End");
  await page.page.keyboard.type("written meanwhile");

  await using _ = await startExample("editor", { DOCUMENTS: folder, PORT: new URL(url).port });
  using bob = await SharedWriter.open(url, "bob", { document: "killed" });
  expect(bob.text.toString()).toBe("kept");
  // Its token is good no more: the process that signed it is gone. It asks for another.
  await page.shows("All is saved.");
  using dora = await SharedWriter.open(url, "dora", { document: "notes" });
  await dora.has("written meanwhile");
});

test("P30: an editor: a reader hears, and is shown the door where it writes", async () => {
  using ana = await SharedWriter.open(server.url, "ana", { document: "read" });
  using carl = await SharedWriter.open(server.url, "carl", { document: "read", role: "reader" });
  ana.write("for all");
  await carl.has("for all");
  carl.write("!");
  expect(await carl.ended.next()).toBe(4403);
  ana.write(".");
  await ana.saved.next((count) => count === 3);
  using bob = await SharedWriter.open(server.url, "bob", { document: "read" });
  expect(bob.text.toString()).toBe("for all.");
  using nobody = await SharedWriter.dial(server.url, "nobody", { document: "read", token: "made.up.token" });
  expect(await nobody.ended.next()).toBe(4401);
});

test.each([
  ["nothing", []],
  ["no kind of frame", [77, 1, 2, 3]],
  ["a length beyond the end", [0, 2, 200, 1]],
  ["no state vector", [0, 0, 3, 255, 255, 255]],
  ["no update", [0, 2, 4, 1, 255, 255, 7]],
  ["what builds on what nobody has seen", [...updateFrame(unfounded())]],
  ["no people", [1, 3, 1, 1, 1]],
])("P30: an editor: garbage ends that connection alone: %s", async (_, bytes) => {
  using ana = await SharedWriter.open(server.url, "ana", { document: "garbage" });
  const token = await (await fetch(`${server.url}/token?name=mallory`)).text();
  const mallory = await dial(`${server.url}/ws/documents/garbage`, { token });
  mallory.sendBinary(Uint8Array.from(bytes));
  expect(await mallory.closed).toEqual({ code: 4400, reason: "bad_frame" });
  using bob = await SharedWriter.open(server.url, "bob", { document: "garbage" });
  const text = `${bob.text}x`;
  ana.write("x");
  await bob.has(text);
  expect(ana.provider.wsconnected).toBe(true);
});

test.each([
  ["..%2fescaped", 404],
  ["%2e%2e", 404],
  ["%00", 404],
  ["..%5cescaped", 1008],
  ["A", 1008],
  ["a.yjs", 1008],
  ["x".repeat(65), 1008],
])("P30: an editor: no document is called %s", async (name, how) => {
  const token = await (await fetch(`${server.url}/token?name=mallory`)).text();
  const before = await readdir(dirname(folder), { recursive: true });
  const refused = dial(`${server.url}/ws/documents/${name}`, { token }).then(
    async ({ closed }) => (await closed).code,
    ({ status }: Refusal) => status,
  );
  expect(await refused).toBe(how);
  expect(await readdir(dirname(folder), { recursive: true })).toEqual(before);
});

test("P30: an editor: an update that is too large ends that connection", async () => {
  const token = await (await fetch(`${server.url}/token?name=mallory`)).text();
  const mallory = await dial(`${server.url}/ws/documents/large`, { token });
  mallory.sendBinary(updateFrame(new Uint8Array(262_144)));
  expect((await mallory.closed).code).toBe(1009);
});

test("P30: an editor: a full document takes no more, and what is deleted makes room", async () => {
  using ana = await SharedWriter.open(server.url, "ana", { document: "full" });
  for (let part = 1; part <= 5; part += 1) {
    ana.write("x".repeat(200_000));
    await ana.saved.next((count) => count === part + 1);
  }
  using bob = await SharedWriter.open(server.url, "bob", { document: "full" });
  bob.write("y".repeat(200_000));
  expect(await bob.ended.next()).toBe(4413);
  ana.text.delete(0, 400_000);
  await ana.saved.next((count) => count === 7);
  ana.write("z".repeat(200_000));
  await ana.saved.next((count) => count === 8);
  using carl = await SharedWriter.open(server.url, "carl", { document: "full" });
  expect(carl.text.toString()).toBe("x".repeat(600_000) + "z".repeat(200_000));
});

test("P30: an editor: everybody is here under the name that the server knows, until they have gone", async () => {
  using ana = await SharedWriter.open(server.url, "ana", { document: "people" });
  ana.provider.awareness.setLocalState({ user: { name: "ana" } });
  expect(await ana.people.next()).toBe("ana");
  using bob = await SharedWriter.open(server.url, "bob", { document: "people" });
  bob.provider.awareness.setLocalState({ user: { name: "ana" }, cursor: 7 });
  await ana.people.next((names) => names === "ana,bob");
  bob.vanish();
  await ana.people.next((names) => names === "ana");
});

test("P30: an editor: two pages write one text, one of them offline for a while, over a restart", async () => {
  await using ana = await OpenedPage.open(browser, server.url);
  await using bob = await OpenedPage.open(browser, server.url, { viewport: phone, colorScheme: "dark" });
  for (const [visitor, name] of [
    [ana, "Ana"],
    [bob, "Bob"],
  ] as const) {
    expect(await visitor.flaws()).toEqual([]);
    await visitor.field("Document").fill("pages");
    await visitor.enter("Your name", name);
    await visitor.shows("All is saved.");
  }
  await ana.shows("Bob");
  // Who says nothing meanwhile is there for who comes back.
  const people = bob.page.getByRole("list", { name: "Who is here" });
  await bob.press("Work offline");
  await bob.shows("Offline, as you wanted it");
  expect(await people.textContent()).toBe("Bob (you)");
  await bob.press("Go online");
  await bob.shows("Connected");
  await people.getByText("Ana").waitFor({ timeout: 8_000 });
  await ana.page.keyboard.type("Here I am. ");
  await hasText(bob, "Here I am. ");
  await bob.press("Work offline");
  await bob.shows("Offline, as you wanted it");
  await bob.field("Text").press("Control+End");
  await bob.page.keyboard.type("So am I.");
  await ana.page.keyboard.press("Control+Home");
  await ana.page.keyboard.type("Ana: ");
  await bob.press("Go online");
  for (const visitor of [ana, bob]) {
    await hasText(visitor, "Ana: Here I am. So am I.");
    await visitor.shows("All is saved.");
    expect(await visitor.flaws()).toEqual([]);
  }
  // Her caret is where it was: what Bob wrote came behind it.
  await ana.page.keyboard.type("yes. ");
  await hasText(bob, "Ana: yes. Here I am. So am I.");

  const { port } = new URL(server.url);
  await server.close();
  await ana.shows("Offline");
  server = await serve(Number(port));
  await ana.shows("Connected");
  await using carl = await OpenedPage.open(browser, server.url);
  await carl.page.getByRole("combobox").selectOption("only read");
  await carl.field("Document").fill("pages");
  await carl.enter("Your name", "Carl");
  await hasText(carl, "Ana: yes. Here I am. So am I.");
  expect(await carl.field("Text").isEditable()).toBe(false);
});

function serve(port = 0): ReturnType<typeof servePage> {
  return servePage({ app, page: new URL("../../examples/editor/page/", import.meta.url), routes: signIn }, { port });
}

/** What somebody wrote behind something that they never said. */
function unfounded(): Uint8Array {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "unsaid");
  const before = Y.encodeStateVector(doc);
  doc.getText("text").insert(6, "!");
  return Y.encodeStateAsUpdate(doc, before);
}

/** Resolves when the page's text is this. */
async function hasText({ page }: OpenedPage, text: string): Promise<void> {
  await page.waitForFunction((wanted) => document.querySelector("textarea")?.value === wanted, text);
}

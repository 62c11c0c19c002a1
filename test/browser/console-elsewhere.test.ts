import { once } from "node:events";
import { request as ask, createServer } from "node:http";
import { connect } from "node:net";
import type { Browser } from "playwright-core";
import { createApp, endpoint } from "tidings";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { buildPages } from "../../ui/build.mjs";
import { launchChromium } from "../support/chromium.js";
import { LogRecorder } from "../support/log-recorder.js";
import { serve } from "../support/served-app.js";
import { ConsoleVisitor, consoleOf } from "./console-visitor.js";

let browser: Browser;
beforeAll(async () => {
  await buildPages();
  browser = await launchChromium();
});
afterAll(() => browser.close());

const room = endpoint("/ws/rooms/:room", {
  receives: { whereami: z.object({}) },
  on: { whereami: ({ params }) => params.room },
});

test("where pages have a port of their own, the console there dials the app's", async () => {
  const app = createApp({ endpoints: [room], logger: new LogRecorder(), http: { port: 0 } });
  const { url, pages = "" } = await app.listen(0);
  await using _closing = { [Symbol.asyncDispose]: () => app.close() };
  await using visitor = await ConsoleVisitor.open(browser, consoleOf(pages));
  await asksWhere(visitor, `${url.replace("http", "ws")}/ws/rooms/here`);
  expect(visitor.faults).toEqual([]);
});

test("under a prefix that a proxy takes away, all of it works", async () => {
  await using served = await serve({ endpoints: [room], http: { docs: true } });
  await using proxy = await serveUnder("/chat", served.url);
  await using visitor = await ConsoleVisitor.open(browser, consoleOf(`${proxy.url}/chat`));
  await asksWhere(visitor, `${proxy.url.replace("http", "ws")}/chat/ws/rooms/here`);
  expect(visitor.faults).toEqual([]);
});

test("where the document can't be had, the page says so, and tries again", async () => {
  await using served = await serve({ endpoints: [room] });
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route("**/asyncapi.json", (route) => route.fulfill({ status: 503, body: "{}" }));
  await page.goto(consoleOf(served.url));
  await page.getByText("asyncapi.json was answered with 503").waitFor();
  await page.unroute("**/asyncapi.json");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { level: 1, name: "/ws/rooms/:room" }).waitFor();
  await context.close();
});

test("an app without an endpoint has a console that says so", async () => {
  await using served = await serve({ endpoints: [] });
  await using visitor = await ConsoleVisitor.open(browser, consoleOf(served.url));
  await visitor.page.getByText("This app has no endpoint yet.").waitFor();
  expect(visitor.faults).toEqual([]);
});

/** Connects at that address, and is answered. */
async function asksWhere(visitor: ConsoleVisitor, address: string): Promise<void> {
  await visitor.page.getByLabel("room").first().fill("here");
  await visitor.page.getByText(address, { exact: true }).waitFor();
  await visitor.connectButton.click();
  await visitor.outcome.getByText("It is open.").waitFor();
  await visitor.messages.getByRole("button", { name: "Send whereami" }).click();
  await visitor.messages.locator(".answer pre").filter({ hasText: '"here"' }).waitFor();
}

/** A proxy before a server: what is asked for under `prefix` is asked of it without. */
async function serveUnder(prefix: string, target: string): Promise<AsyncDisposable & { readonly url: string }> {
  const { hostname: host, port } = new URL(target);
  const within = (url = "/") => (url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : "/nowhere");
  const server = createServer(({ url, method, headers }, response) => {
    ask({ host, port, path: within(url), method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    }).end();
  });
  server.on("upgrade", ({ url, rawHeaders }, stream) => {
    const line = connect(Number(port), host, () => {
      const headers = rawHeaders.map((each, index) => (index % 2 === 0 ? `${each}: ` : `${each}\r\n`)).join("");
      line.write(`GET ${within(url)} HTTP/1.1\r\n${headers}\r\n`);
      stream.pipe(line).pipe(stream);
    });
    line.on("error", () => stream.destroy());
    stream.on("error", () => line.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${Object(server.address()).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

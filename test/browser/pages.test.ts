import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { rawEndpoint } from "tidings";
import { basicAuth } from "tidings/auth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../support/chromium.js";
import { serve } from "../support/served-app.js";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const echo = rawEndpoint("/ws/echo", { text: ({ connection }, text) => void connection.send(text) });

async function visit(url: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const response = await page.goto(url);
  return { page, status: response?.status(), [Symbol.asyncDispose]: () => context.close() };
}

/** What becomes of a socket that the page opens, as a plain client, who is refused by HTTP: "open", or the part of its policy that forbids it, or "failed". */
function dialFrom(page: Page, url: string): Promise<string> {
  return page.evaluate(
    (address) =>
      new Promise<string>((resolve) => {
        document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => resolve(effectiveDirective));
        try {
          const socket = new WebSocket(address.replace(/^http/, "ws"));
          socket.onopen = () => resolve("open");
          // The violation, where it is one, is told in the same turn or the next.
          socket.onerror = () => requestAnimationFrame(() => requestAnimationFrame(() => resolve("failed")));
        } catch {
          resolve("forbidden");
        }
      }),
    url,
  );
}

test("the console reaches the app's sockets from the app's own port, and no others", async () => {
  await using server = await serve({ endpoints: [echo] });
  await using other = await serve({ endpoints: [echo] });
  await using at = await visit(`${server.url}/docs`);
  expect(at.status).toBe(200);
  expect(await dialFrom(at.page, `${server.url}/ws/echo`)).toBe("open");
  expect(await dialFrom(at.page, `${other.url}/ws/echo`)).toBe("connect-src");
});

test("from a port apart it reaches the app's sockets too, and no others", async () => {
  await using other = await serve({ endpoints: [echo] });
  await using server = await serve({ endpoints: [echo], http: { port: 0 } });
  const { pages, url } = await server.app.listen(0);
  await using at = await visit(`${pages}/docs`);
  expect(at.status).toBe(200);
  expect(await dialFrom(at.page, `${url}/ws/echo`)).toBe("open");
  expect(await dialFrom(at.page, `${server.url}/ws/echo`)).toBe("open"); // it listens twice
  expect(await dialFrom(at.page, `${other.url}/ws/echo`)).toBe("connect-src");
});

test("the password that lets a browser see the dashboard lets its socket in", async () => {
  const http = { guard: basicAuth({ users: { ops: "correct horse" } }) };
  await using server = await serve({ endpoints: [echo], http });
  const httpCredentials = { username: "ops", password: "correct horse" };
  await using at = await visit(`${server.url}/dashboard`, { httpCredentials });
  expect(at.status).toBe(200);
  expect(await dialFrom(at.page, `${server.url}/dashboard/live`)).toBe("open");
  // Safari sends none with a handshake. It has a cookie, which goes to the dashboard alone.
  const cookies = await at.page.context().cookies();
  expect(cookies).toMatchObject([{ path: "/dashboard", httpOnly: true, sameSite: "Strict", expires: -1 }]);
  await using nameless = await visit(`${server.url}/healthz`);
  expect(await dialFrom(nameless.page, `${server.url}/dashboard/live`)).toBe("failed");
  await nameless.page.context().addCookies(cookies);
  expect(await dialFrom(nameless.page, `${server.url}/dashboard/live`)).toBe("open");
});

test("a page of another site can't put one into a frame, nor open the dashboard's socket", async () => {
  await using server = await serve({ endpoints: [echo], http: { docs: true, dashboard: true } });
  const site = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><iframe src="${server.url}/docs"></iframe>`);
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  const { port } = site.address() as AddressInfo;
  await using at = await visit("about:blank");
  const refused = at.page.waitForEvent("console", (message) => message.text().includes("frame-ancestors"));
  await at.page.goto(`http://localhost:${port}/`);
  expect((await refused).type()).toBe("error");
  expect(await dialFrom(at.page, `${server.url}/ws/echo`)).toBe("open");
  const live = await dialFrom(at.page, `${server.url}/dashboard/live`);
  expect(live).toBe("failed");
  site.closeAllConnections();
  site.close();
});

import type { Browser } from "playwright-core";
import { endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../support/chromium.js";
import { serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { ClientPage } from "./client-page.js";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const room = endpoint("/ws/room", { auth: jwt({ secret, from: ["message"] }), receives: {} });
/** Signed when it is asked for. */
const tokenFor = (seconds: number) => () => signToken({ sub: "ana", exp: inSeconds(seconds) });

test("a token that is refused closes a page's client for good, and it says why", async () => {
  await using server = await serve({ endpoints: [room] });
  const tokens = new Tokens(() => "nonsense");
  await using at = await ClientPage.open(browser, tokens.next);
  await at.connect(`${server.url}/ws/room`);
  await at.told("closed 1008 unauthorized");
  expect(await at.lines()).toEqual(["error connection_lost", "closed 1008 unauthorized"]);
  expect(tokens.asked).toBe(1);
});

test("a page's client whose token has expired asks for another, and is in", async () => {
  await using server = await serve({ endpoints: [room] });
  const tokens = new Tokens(tokenFor(-60), tokenFor(60));
  await using at = await ClientPage.open(browser, tokens.next);
  await at.connect(`${server.url}/ws/room`);
  await at.told("open");
  expect(await at.lines()).toEqual(["waiting 1008 token_expired", "connecting", "open"]);
});

test("a page's client renews its token before it expires, on the connection that it has", async () => {
  await using server = await serve({ endpoints: [room] });
  const tokens = new Tokens(tokenFor(30), tokenFor(60));
  await using at = await ClientPage.open(browser, tokens.next);
  await at.page.clock.install();
  const renewed = at.page
    .waitForEvent("websocket")
    .then((socket) =>
      socket.waitForEvent("framereceived", { predicate: ({ payload }) => String(payload).includes("auth_success") }),
    );
  await at.connect(`${server.url}/ws/room`);
  await at.told("open");
  await at.page.clock.fastForward(28_000);
  await renewed;
  expect(tokens.asked).toBe(2);
  expect(await at.lines()).toEqual(["open"]);
});

test("a token that expires while a page is connected, and was not renewed, is asked for again, and it comes back", async () => {
  await using server = await serve({ endpoints: [room], limits: { expiryGrace: "100ms" } });
  const tokens = new Tokens(tokenFor(2), () => "nonsense", tokenFor(60));
  await using at = await ClientPage.open(browser, tokens.next);
  await at.connect(`${server.url}/ws/room`);
  await at.told("open", 2);
  expect((await at.lines()).filter((line) => !line.startsWith("error"))).toEqual([
    "open",
    "waiting 1008 token_expired",
    "connecting",
    "open",
  ]);
});

/** One after the other; of the last there are enough. */
class Tokens {
  asked = 0;
  readonly #tokens: readonly (() => string)[];

  constructor(...tokens: (() => string)[]) {
    this.#tokens = tokens;
  }

  readonly next = (): string => {
    this.asked += 1;
    return this.#tokens[Math.min(this.asked, this.#tokens.length) - 1]?.() ?? "";
  };
}

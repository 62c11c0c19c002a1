import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { endpoint } from "tidings";
import { session } from "tidings/auth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refusals } from "../../src/protocol/refusals.js";
import { launchChromium } from "../support/chromium.js";
import {
  type Case,
  casesOf,
  expectedFor,
  isPossible,
  type Provocation,
  type Seen,
  type Viewer,
} from "../support/refusal-scenarios.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

let browser: Browser;
let home: Server;
/** Of an origin that is no app's. */
let page: Page;
beforeAll(async () => {
  browser = await launchChromium();
  home = createServer((_, response) => response.end("<!doctype html><title>A page</title>"));
  await new Promise<void>((resolve) => home.listen(0, "127.0.0.1", resolve));
  page = await browser.newPage();
  const { port } = home.address() as AddressInfo; // it listens on a port
  await page.goto(`http://127.0.0.1:${port}/`);
});
afterAll(async () => {
  await browser.close();
  home.close();
});

const here = ["page plain", "page tidings"] as const satisfies Viewer[];
const cases = casesOf(refusals).filter((each) => here.some((viewer) => isPossible(each, viewer)));

test.each(cases.map((each) => [each.name, each] as const))("P11: in a page: %s", async (_, given) => {
  const able = here.filter((viewer) => isPossible(given, viewer));
  const seen = await Promise.all(able.map(async (viewer) => [viewer, await look(given, viewer)] as const));
  expect(Object.fromEntries(seen)).toEqual(
    Object.fromEntries(able.map((viewer) => [viewer, expectedFor(given, viewer)])),
  );
});

test("P11: offering tidings.v1 a page can read why, for all that a page can meet and that has a close code", () => {
  const told = cases.filter((each) => {
    const seen = expectedFor(each, "page tidings");
    return isPossible(each, "page tidings") && "reason" in seen && seen.reason === each.reason;
  });
  const hidden = ["header_too_large"];
  const impossible = ["handshake_timeout", "upgrade_required", "invalid_data"];
  expect(new Set([...told.map(({ reason }) => reason), ...hidden, ...impossible])).toEqual(
    new Set(Object.keys(refusals)),
  );
  for (const reason of [...hidden, ...impossible])
    expect(told.map((each) => String(each.reason))).not.toContain(reason);
});

test("P8: a page of the server's own origin is let in by its cookie, one of another origin is not", async () => {
  const auth = session({ lookup: (id) => (id === "ana's" ? { id: "ana" } : undefined) });
  const me = endpoint("/ws/me", { auth, open: ({ connection, user }) => connection.close(4000, user.id) });
  await using server = await serve({ endpoints: [me] });
  const own = await browser.newPage();
  await own.goto(server.url);
  const url = `${server.url}/ws/me`;
  expect(await dialFrom(own, { url, protocols: [] })).toEqual({ code: 1006, reason: "" });
  expect(await dialFrom(own, { url, protocols: ["tidings.v1"] })).toEqual({ code: 1008, reason: "unauthorized" });
  await own.context().addCookies([{ name: "session_id", value: "ana's", url: server.url }]);
  expect(await dialFrom(own, { url, protocols: [] })).toEqual({ code: 4000, reason: "ana" });
  await page.context().addCookies([{ name: "session_id", value: "ana's", url: server.url }]);
  expect(await dialFrom(page, { url, protocols: [] })).toEqual({ code: 1006, reason: "" });
  expect(await dialFrom(page, { url, protocols: ["tidings.v1"] })).toEqual({
    code: 1008,
    reason: "origin_not_allowed",
  });
  await page.context().clearCookies();
  await own.context().close();
});

async function look({ scenario, ways }: Case, viewer: (typeof here)[number]): Promise<Seen> {
  const given = scenario.provoke(ways);
  await using server = await serve(given.app, given.listen);
  await given.before?.({ app: server.app, enter: (path, options) => dial(server.url + path, options) });
  try {
    const cookies = Object.entries(given.cookies ?? {}).map(([name, value]) => ({ name, value, url: server.url }));
    if (cookies.length > 0) await page.context().addCookies(cookies);
    return await dialFrom(page, dialOf(server.url + (given.path ?? "/ws/room"), given, viewer === "page tidings"));
  } finally {
    given.after?.();
    if (given.cookies !== undefined) await page.context().clearCookies();
  }
}

interface PageDial {
  readonly url: string;
  readonly protocols: readonly string[];
  /** Text, or a binary frame's bytes, as soon as it is open. */
  readonly says?: readonly (string | readonly number[])[];
}

/** A page has no header for its token: it is in the query, or beside the subprotocol. */
function dialOf(url: string, given: Provocation, isTidings: boolean): PageDial {
  const { token, isTokenByMessage = false, says = [] } = given;
  const shown = isTokenByMessage ? undefined : token;
  const first = { type: isTidings ? "connect" : "auth", payload: isTokenByMessage ? { token } : {} };
  const isFirst = isTidings ? given.isSilent !== true : isTokenByMessage;
  const bearer = `bearer.${Buffer.from(shown ?? "").toString("base64url")}`;
  return {
    url: shown === undefined || isTidings ? url : `${url}?token=${encodeURIComponent(shown)}`,
    protocols: isTidings ? ["tidings.v1", ...(shown === undefined ? [] : [bearer])] : [],
    says: [
      ...(isFirst ? [JSON.stringify(first)] : []),
      ...says.map((said) => (typeof said === "string" ? said : [...said])),
    ],
  };
}

function dialFrom(from: Page, { url, protocols, says = [] }: PageDial): Promise<Seen> {
  const given = { url: url.replace(/^http/, "ws"), protocols: [...protocols], says: [...says] };
  return from.evaluate(
    (dialled) =>
      new Promise<{ code: number; reason: string }>((resolve) => {
        const socket = new WebSocket(dialled.url, dialled.protocols);
        socket.onopen = () => {
          for (const said of dialled.says) socket.send(typeof said === "string" ? said : Uint8Array.from(said));
        };
        socket.onclose = ({ code, reason }) => resolve({ code, reason });
      }),
    given,
  );
}

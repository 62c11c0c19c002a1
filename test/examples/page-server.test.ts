import { decodeJwt } from "jose";
import { createApp, endpoint } from "tidings";
import { expect, test } from "vitest";
import { servePage } from "../../examples/page-server.js";
import { signIn, user } from "../../examples/sign-in.js";
import { LogRecorder } from "../support/log-recorder.js";
import { dialTidings } from "../support/ws-client.js";

/** An app of one endpoint, with the page of the chat. */
async function serve() {
  const me = endpoint("/ws", { auth: user, receives: {}, on: {} });
  const app = createApp({ endpoints: [me], logger: new LogRecorder() });
  const page = new URL("../../examples/chat/page/", import.meta.url);
  const server = await servePage({ app, page, routes: signIn });
  return { ...server, [Symbol.asyncDispose]: () => server.close() };
}

test("an app and its page are on one server, and the page takes nothing from elsewhere", async () => {
  await using server = await serve();
  for (const [path, type] of [
    ["/?a=query", "text/html; charset=utf-8"],
    ["/main.js", "text/javascript"],
    ["/style.css", "text/css"],
  ]) {
    const { status, headers } = await fetch(server.url + path);
    expect([status, headers.get("content-type")]).toEqual([200, type]);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self';");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
  expect(await (await fetch(`${server.url}/healthz`)).text()).toContain("ok");
  for (const path of ["/app.ts", "/main.ts", "/../app.ts", "/%2e%2e/app.ts", "/ws/none"])
    expect((await fetch(server.url + path)).status, path).toBe(404);
  expect((await fetch(server.url, { method: "POST", body: "x" })).status).toBe(404);
});

test("who signs in is let in under that name, and no name is more than a part of a channel's", async () => {
  await using server = await serve();
  const sign = (name: string) => fetch(`${server.url}/token?${new URLSearchParams({ name })}`);
  const token = await (await sign(" Ana ")).text();
  const { iat = 0, exp } = decodeJwt(token);
  expect(exp).toBe(iat + 600);
  const ana = await dialTidings(`${server.url}/ws`, { token });
  expect(await ana.next()).toMatchObject({ type: "connected", payload: { user: { id: "Ana" } } });
  for (const name of ["", " ", "..", "a/b", "a\nb", "x".repeat(33)]) expect((await sign(name)).status, name).toBe(400);
  ana.close();
});

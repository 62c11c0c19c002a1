import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { createApp, dependency, endpoint, rawEndpoint } from "tidings";
import { session } from "tidings/auth";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { tlsCertificate } from "../conformance/tls-certificate.js";
import { type ServedApp, serve } from "../support/served-app.js";
import { type DialOptions, dial, dialRefused } from "../support/ws-client.js";

const servername = "localhost";

const echo = rawEndpoint("/ws/echo", { text: ({ connection }, text) => void connection.send(text) });

/** What the app takes a client for. */
const seen = dependency({ create: ({ request }) => ({ address: request.address, url: request.url.href }) });
const show = rawEndpoint("/ws/show", {
  needs: { seen },
  open: (ctx) => void ctx.connection.send(`${ctx.seen.address} ${ctx.seen.url}`),
});

test("P21: wss with a certificate that was given to the server", async () => {
  await using server = await serve({ endpoints: [echo, show] }, { tls: tlsCertificate });
  const tls = { ca: tlsCertificate.cert, servername };
  const client = await dial(`${server.url}/ws/echo`, { tls });
  client.sendText("over TLS");
  expect(await client.nextText()).toBe("over TLS");
  const shown = await dial(`${server.url}/ws/show`, { tls });
  expect(await shown.nextText()).toBe(`127.0.0.1 ${server.url.replace("https", "wss")}/ws/show`);
});

test("P21: after `reloadTls` the next handshake shows the new serial, and an old socket still echoes", async () => {
  await using server = await serve({ endpoints: [echo] }, { tls: tlsCertificate });
  const old = await dial(`${server.url}/ws/echo`, { tls: { ca: tlsCertificate.cert, servername } });
  expect(await serialOf(server)).toBe("1E424D3B75EF98C2657D935D868661C6EFB17526");
  server.app.reloadTls(nextCertificate);
  expect(await serialOf(server)).toBe("0CC5A0E9DA1B58D515D72466D84398C3D044DC35");
  old.sendText("still here");
  expect(await old.nextText()).toBe("still here");
  const fresh = await dial(`${server.url}/ws/echo`, { tls: { ca: nextCertificate.cert, servername } });
  fresh.sendText("hi");
  expect(await fresh.nextText()).toBe("hi");
  await expect(dial(`${server.url}/ws/echo`, { tls: { ca: tlsCertificate.cert, servername } })).rejects.toThrow();
});

test("P21: every server that the app listens on shows it", async () => {
  await using server = await serve({ endpoints: [echo] }, { tls: tlsCertificate });
  const { url } = await server.app.listen(0, { tls: tlsCertificate });
  server.app.reloadTls(nextCertificate);
  for (const each of [server.url, url]) {
    const client = await dial(`${each}/ws/echo`, { tls: { ca: nextCertificate.cert, servername } });
    client.sendText("hi");
    expect(await client.nextText()).toBe("hi");
  }
});

test("a certificate and a key that can't be used are refused, and the old ones stay", async () => {
  await using server = await serve({ endpoints: [echo] }, { tls: tlsCertificate });
  for (const tls of [
    { cert: "nonsense", key: "nonsense" },
    { cert: nextCertificate.cert, key: tlsCertificate.key },
    { cert: "", key: "" },
  ]) {
    expect(() => server.app.reloadTls(tls)).toThrow(expect.objectContaining({ code: "invalid_certificate" }));
  }
  const client = await dial(`${server.url}/ws/echo`, { tls: { ca: tlsCertificate.cert, servername } });
  client.sendText("as before");
  expect(await client.nextText()).toBe("as before");
});

test("where nothing listens with TLS there is nothing to reload", async () => {
  const app = createApp({ endpoints: [echo] });
  expect(() => app.reloadTls(nextCertificate)).toThrow(expect.objectContaining({ code: "not_tls" }));
  await using server = await serve({ endpoints: [echo] });
  expect(() => server.app.reloadTls(nextCertificate)).toThrow(expect.objectContaining({ code: "not_tls" }));
});

test("P21: behind a proxy that ends TLS the app sees the client's address and wss", async () => {
  await using server = await serve({ endpoints: [show, echo], trustProxy: ["loopback"] });
  await using proxy = await startProxy(server, "203.0.113.9");
  const client = await dial(`${proxy.url}/ws/show`, { tls: { ca: tlsCertificate.cert, servername } });
  expect(await client.nextText()).toBe("203.0.113.9 wss://chat.example/ws/show");
  const echoing = await dial(`${proxy.url}/ws/echo`, { tls: { ca: tlsCertificate.cert, servername } });
  for (const text of ["one", "two"]) {
    echoing.sendText(text);
    expect(await echoing.nextText()).toBe(text);
  }
  expect((await server.log.next("connected")).fields).toMatchObject({ address: "203.0.113.9" });
  echoing.close(1000, "bye");
  expect(await echoing.closed).toEqual({ code: 1000, reason: "bye" });
});

test("P21: behind a proxy the page's own origin is the proxy's, and a refusal passes through it", async () => {
  const me = endpoint("/ws/me", {
    auth: session({ lookup: (id) => ({ id }) }),
    receives: { who: z.object({}) },
    on: { who: ({ user }) => user.id },
  });
  await using server = await serve({ endpoints: [me], trustProxy: ["loopback"] });
  await using proxy = await startProxy(server, "203.0.113.9");
  const enter = (origin: string): DialOptions => ({
    headers: { cookie: "session_id=ana", origin },
    tls: { ca: tlsCertificate.cert, servername },
  });
  const client = await dial(`${proxy.url}/ws/me`, enter("https://chat.example"));
  expect((await client.ask("who", {})).payload).toBe("ana");
  for (const origin of ["https://evil.example", "http://chat.example", server.url]) {
    const refused = await dialRefused(`${proxy.url}/ws/me`, enter(origin));
    expect(refused).toMatchObject({ status: 403, body: { code: "origin_not_allowed" } });
  }
});

const forwarded = {
  "x-forwarded-for": "198.51.100.1, 203.0.113.9",
  "x-forwarded-proto": "https",
  "x-forwarded-host": "chat.example",
};

test.each([
  ["nobody is trusted", undefined],
  ["somebody else is trusted", ["10.0.0.0/8", "203.0.113.9"]],
])("P21: where %s, `X-Forwarded-*` is what anybody may write", async (_, trustProxy) => {
  await using server = await serve({ endpoints: [show], trustProxy });
  const client = await dial(`${server.url}/ws/show`, { headers: forwarded });
  expect(await client.nextText()).toBe(`127.0.0.1 ${server.url.replace("http", "ws")}/ws/show`);
  expect((await server.log.next("connected")).fields).toMatchObject({ address: "127.0.0.1" });
});

test.each([
  ["of one proxy what it wrote itself counts, not what the client made up", ["127.0.0.1"], "203.0.113.9"],
  ["of two proxies the one before the first that is trusted", ["127.0.0.1", "203.0.113.9"], "198.51.100.1"],
  ["where all are trusted, the first", ["loopback", "203.0.113.0/24", "198.51.100.0/24"], "198.51.100.1"],
])("P21: %s", async (_, trustProxy, address) => {
  await using server = await serve({ endpoints: [show], trustProxy });
  const client = await dial(`${server.url}/ws/show`, { headers: forwarded });
  expect(await client.nextText()).toBe(`${address} wss://chat.example/ws/show`);
});

test("P21: what is no address, scheme or host is passed over", async () => {
  await using server = await serve({ endpoints: [show], trustProxy: ["loopback"] });
  const client = await dial(`${server.url}/ws/show`, {
    headers: { "x-forwarded-for": "unknown", "x-forwarded-proto": "gopher", "x-forwarded-host": "a/b?c" },
  });
  expect(await client.nextText()).toBe(`127.0.0.1 ${server.url.replace("http", "ws")}/ws/show`);
});

test("in memory a client's address is believed, and its proxy's headers where that is trusted", async () => {
  await using server = await startTestApp(createApp({ endpoints: [show], trustProxy: ["private"] }));
  const direct = await server.connect("/ws/show", { address: "203.0.113.1", headers: forwarded });
  expect(await direct.next()).toBe("203.0.113.1 ws://localhost/ws/show");
  const proxied = await server.connect("/ws/show", { address: "10.1.2.3", headers: forwarded });
  expect(await proxied.next()).toBe("203.0.113.9 wss://chat.example/ws/show");
});

test.each(["example.com", "10.0.0.0/33", "10.0.0", "", "::1/129", "10.0.0.0/-1"])(
  "a proxy that can't be trusted for it is none is a ConfigError: %j",
  (proxy) => {
    expect(() => createApp({ endpoints: [], trustProxy: [proxy] })).toThrow(
      expect.objectContaining({ code: "invalid_proxy" }),
    );
  },
);

/** The serial of the certificate that the next TLS handshake shows. */
async function serialOf(server: ServedApp): Promise<string> {
  const socket = connectTls({ port: Number(new URL(server.url).port), servername, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

/** A proxy that ends TLS for `chat.example`, and passes the upgrades of one client on. */
async function startProxy(app: ServedApp, clientAddress: string): Promise<{ url: string } & AsyncDisposable> {
  const proxy: Server = createServer(tlsCertificate);
  proxy.on("upgrade", (request, client, head) => {
    const upstream = connectTcp({ host: "127.0.0.1", port: Number(new URL(app.url).port) });
    const headers: Record<string, string | string[] | undefined> = {
      ...request.headers,
      "x-forwarded-for": clientAddress,
      "x-forwarded-proto": "https",
      "x-forwarded-host": "chat.example",
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    upstream.write(`GET ${request.url} HTTP/1.1\r\n${lines.join("")}\r\n`);
    upstream.write(head);
    upstream.pipe(client).pipe(upstream);
    for (const end of [upstream, client]) end.on("error", () => {}); // the other end is told by the pipe
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo; // of a server on a port
  return {
    url: `https://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      proxy.closeAllConnections();
      const closed = once(proxy, "close");
      proxy.close();
      await app.app.close();
      await closed;
    },
  };
}

/** The one that is installed after `tlsCertificate`: another serial, and another key. */
const nextCertificate = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgi4qXAqkQV00toGJW
DAyy3IkbQMVR3B5pqj1xT+GV/zShRANCAAS8L5ilhrnLUtpoi5EhqIKM/BrWJLHk
OuYBuoC3KzsA5KWGZYjpcJbZXiW0Vixa5+0rVthySqM1H7lx9B+7iyVG
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBlDCCATugAwIBAgIUDMWg6dobWNUV1yRm2EOYw9BE3DUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTEyMTMxNVoYDzIxMjYxMDI4
MTIxMzE1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS8L5ilhrnLUtpoi5EhqIKM/BrWJLHkOuYBuoC3KzsA5KWGZYjpcJbZ
XiW0Vixa5+0rVthySqM1H7lx9B+7iyVGo2kwZzAdBgNVHQ4EFgQUFlz7/AVkHsTz
sbdYHnwMquXwWf4wHwYDVR0jBBgwFoAUFlz7/AVkHsTzsbdYHnwMquXwWf4wDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
RwAwRAIgMhPnQZTU46gn1dU25XSKsz26xXT1WPO9qWbYYOqBDQQCIEQmubYEfOK1
JWXAXs2xUE2Nf9eW9WcknSw2bPJXF7uW
-----END CERTIFICATE-----`,
};

import { X509Certificate } from "node:crypto";
import { Server as HttpsServer } from "node:https";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { ConfigError, createApp, rawEndpoint, type TlsFiles } from "tidings";
import { expect, onTestFinished, test } from "vitest";
import { otherTlsCertificate, tlsCertificate } from "../conformance/tls-certificate.js";
import { LogRecorder } from "../support/log-recorder.js";
import { handshakeRequest, RawClient } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const echo = rawEndpoint("/ws/echo", { text: ({ connection }, text) => void connection.send(text) });
const getHealth = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

test("a port that is in use is told by its number, with what to do, and nothing is changed by it", async () => {
  await using first = await serve({ endpoints: [echo] });
  await using second = await serve({ endpoints: [echo] });
  const port = Number(new URL(first.url).port);
  const listeners = process.listenerCount("SIGTERM");
  const refused = await second.app.listen(port).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ConfigError);
  expect(refused).toMatchObject({
    code: "port_in_use",
    message: expect.stringContaining(`Port ${port} on 127.0.0.1 is in use.`),
    fix: expect.stringContaining("0 for a free one"),
    cause: { code: "EADDRINUSE" },
  });
  expect(process.listenerCount("SIGTERM")).toBe(listeners);
  for (const { url } of [first, second]) {
    const client = await dial(`${url}/ws/echo`);
    client.sendText("still here");
    expect(await client.nextText()).toBe("still here");
  }
});

test("an app whose port was in use may listen on another, and close", async () => {
  await using first = await serve({ endpoints: [echo] });
  const app = createApp({ endpoints: [echo], logger: new LogRecorder() });
  await expect(app.listen(Number(new URL(first.url).port))).rejects.toMatchObject({ code: "port_in_use" });
  const { url } = await app.listen(0);
  const client = await dial(`${url}/ws/echo`);
  await app.close();
  expect(await client.closed).toEqual({ code: 1001, reason: "going_away" });
});

test("an address that this computer does not have is told as the system tells it", async () => {
  const app = createApp({ endpoints: [echo], logger: new LogRecorder() });
  await expect(app.listen(0, { host: "" })).rejects.toMatchObject({ code: "invalid_host" });
  await expect(app.listen(0, { host: "203.0.113.7" })).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
  await app.close();
});

test("one app may listen on several ports", async () => {
  await using server = await serve({ endpoints: [echo] });
  const { url, port } = await server.app.listen(0);
  expect(url).not.toBe(server.url);
  expect(port).toBe(Number(new URL(url).port));
  const clients = [await dial(`${server.url}/ws/echo`), await dial(`${url}/ws/echo`)];
  expect(server.app.stats().connections).toBe(2);
  await server.app.close();
  for (const client of clients) expect((await client.closed).code).toBe(1001);
});

test("of connections that ask for nothing only `limits.pending` are kept: one more is ended without an answer", async () => {
  await using server = await serve({ endpoints: [echo], limits: { pending: 3 } });
  const silent: RawClient[] = [];
  for (let number = 0; number < 3; number += 1) silent.push(await RawClient.open(server.url));
  using tooMany = await RawClient.open(server.url);
  await expect(tooMany.nextResponse()).rejects.toThrow("the connection ended");
  // One that asks is answered, and leaves its place to another.
  silent[0]?.write(getHealth);
  expect(await silent[0]?.nextResponse()).toMatchObject({ status: 200 });
  using good = await RawClient.open(server.url);
  good.write(handshakeRequest("/ws/echo"));
  expect(await good.nextResponse()).toMatchObject({ status: 101 });
  for (const client of silent) client[Symbol.dispose]();
});

test("those that are open count no more among those that wait", async () => {
  await using server = await serve({ endpoints: [echo], limits: { pending: 1 } });
  for (const text of ["one", "two", "three"]) {
    const client = await dial(`${server.url}/ws/echo`);
    client.sendText(text);
    expect(await client.nextText()).toBe(text);
  }
  expect(server.app.stats()).toMatchObject({ connections: 3, pending: 0 });
});

test("one that waited and has gone leaves its place to another", async () => {
  await using server = await serve({ endpoints: [echo], limits: { pending: 1 } });
  using silent = await RawClient.open(server.url);
  silent.end();
  await expect(silent.nextResponse()).rejects.toThrow("the connection ended");
  using next = await RawClient.open(server.url);
  next.write(getHealth);
  expect(await next.nextResponse()).toMatchObject({ status: 200 });
});

test("with TLS those whose handshake is not done count as well", async () => {
  await using server = await serve({ endpoints: [echo], limits: { pending: 1 } }, { tls: tlsCertificate });
  using silent = await RawClient.open(server.url);
  using tooMany = await RawClient.open(server.url);
  await expect(tooMany.nextResponse()).rejects.toThrow("the connection ended");
  silent.end();
  await expect(silent.nextResponse()).rejects.toThrow("the connection ended");
  const client = await dial(`${server.url}/ws/echo`, { tls: { ca: tlsCertificate.cert, servername: "localhost" } });
  const second = await dial(`${server.url}/ws/echo`, { tls: { ca: tlsCertificate.cert, servername: "localhost" } });
  for (const each of [client, second]) each.close(1000);
});

test.each([
  ["nothing", ""],
  ["half of a handshake", handshakeRequest("/ws/echo").slice(0, 60)],
])("who has sent %s after `limits.handshake` is sent away", async (_, bytes) => {
  await using server = await serve({ endpoints: [echo], limits: { handshake: "50ms" } });
  using client = await RawClient.open(server.url);
  client.write(bytes);
  expect(await client.nextResponse()).toMatchObject({ status: 408, body: { code: "handshake_timeout" } });
  const good = await dial(`${server.url}/ws/echo`);
  good.sendText("hi");
  expect(await good.nextText()).toBe("hi");
});

/** The certificate that a handshake is shown now. */
async function shownAt(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const connecting = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false }, () =>
      resolve(connecting),
    );
    connecting.once("error", reject);
  });
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return new X509Certificate(raw).serialNumber;
}

const serialOf = ({ cert }: TlsFiles) => new X509Certificate(cert).serialNumber;
const trust = (...certificates: readonly TlsFiles[]) => ({
  ca: certificates.map(({ cert }) => cert).join("\n"),
  servername: "localhost",
});

test("after `reloadTls` the next handshake is shown the new certificate, and an old socket goes on", async () => {
  await using server = await serve({ endpoints: [echo] }, { tls: tlsCertificate });
  const other = await server.app.listen(0, { tls: tlsCertificate });
  const old = await dial(`${server.url}/ws/echo`, { tls: trust(tlsCertificate) });
  expect(await shownAt(server.url)).toBe(serialOf(tlsCertificate));
  server.app.reloadTls(otherTlsCertificate);
  for (const url of [server.url, other.url]) expect(await shownAt(url)).toBe(serialOf(otherTlsCertificate));
  const fresh = await dial(`${server.url}/ws/echo`, { tls: trust(otherTlsCertificate) });
  await expect(dial(`${server.url}/ws/echo`, { tls: trust(tlsCertificate) })).rejects.toThrow(
    "self-signed certificate",
  );
  for (const client of [old, fresh]) {
    client.sendText("over TLS");
    expect(await client.nextText()).toBe("over TLS");
  }
});

test.each<[string, TlsFiles]>([
  ["no PEM", { cert: "nonsense", key: "nonsense" }],
  ["empty", { cert: "", key: "" }],
  ["a certificate with another's key", { cert: otherTlsCertificate.cert, key: tlsCertificate.key }],
  ["a key with another's certificate", { cert: tlsCertificate.cert, key: otherTlsCertificate.key }],
  ["a certificate without its key", { cert: otherTlsCertificate.cert, key: "" }],
  ["a key without its certificate", { cert: "", key: otherTlsCertificate.key }],
])("a pair that can't be used is refused, and the old one stays: %s", async (_, pair) => {
  await using server = await serve({ endpoints: [echo] }, { tls: tlsCertificate });
  const refused = expect.objectContaining({ code: "invalid_certificate", fix: expect.stringContaining("PEM") });
  expect(() => server.app.reloadTls(pair)).toThrow(ConfigError);
  expect(() => server.app.reloadTls(pair)).toThrow(refused);
  expect(await shownAt(server.url)).toBe(serialOf(tlsCertificate));
  const client = await dial(`${server.url}/ws/echo`, { tls: trust(tlsCertificate) });
  client.sendText("still here");
  expect(await client.nextText()).toBe("still here");
  await expect(server.app.listen(0, { tls: pair })).rejects.toEqual(refused);
});

test("`reloadTls` says so where the runtime can't, as Bun", async () => {
  await using server = await serve({ endpoints: [echo] }, { tls: tlsCertificate });
  // In the way of what it has from node:tls.
  Object.defineProperty(HttpsServer.prototype, "setSecureContext", { value: undefined, configurable: true });
  onTestFinished(() => void Reflect.deleteProperty(HttpsServer.prototype, "setSecureContext"));
  const refused = expect.objectContaining({ code: "reload_not_possible", fix: expect.stringContaining("proxy") });
  expect(() => server.app.reloadTls(otherTlsCertificate)).toThrow(refused);
});

test("`reloadTls` where nothing listens with TLS says what to do", async () => {
  await using server = await serve({ endpoints: [echo] });
  const refused = expect.objectContaining({ code: "not_tls", fix: expect.stringContaining("listen()") });
  expect(() => server.app.reloadTls(tlsCertificate)).toThrow(refused);
  expect(() => createApp({ endpoints: [echo] }).reloadTls(tlsCertificate)).toThrow(refused);
  const { url } = await server.app.listen(0, { tls: tlsCertificate });
  server.app.reloadTls(otherTlsCertificate);
  expect(await shownAt(url)).toBe(serialOf(otherTlsCertificate));
  await server.app.close();
  expect(() => server.app.reloadTls(tlsCertificate)).toThrow(refused);
});

import "./environment.js";
import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { app as behindTls } from "../../../examples/patterns/p21-tls/app.js";
import { makeCertificate } from "../../../examples/patterns/p21-tls/certificate.js";
import { app as logging } from "../../../examples/patterns/p22-logging/app.js";
import { app as longWork } from "../../../examples/patterns/p23-long-work/app.js";
import { app as observed } from "../../../examples/patterns/p27-health-and-metrics/app.js";
import { dial, dialRefused } from "../../support/ws-client.js";
import { logged, tokenOf, unreadLog } from "./environment.js";
import { serveExample } from "./served-example.js";

test("P21: wss with a certificate that the server was given, and nothing in the clear", async () => {
  const certificate = makeCertificate();
  expect(new X509Certificate(certificate.cert).subject).toBe("CN=localhost");
  await using server = await serveExample(behindTls, { tls: certificate });
  const client = await dial(`${server.url}/ws`, { tls: { ca: certificate.cert, servername: "localhost" } });
  expect(await client.ask("how", {})).toMatchObject({ payload: { protocol: "wss:", address: "127.0.0.1" } });
  await expect(dial(`${server.url.replace("https", "http")}/ws`)).rejects.toThrow();
});

test("P21: behind a proxy that ends TLS the protocol and the address are the client's", async () => {
  await using server = await serveExample(behindTls);
  const headers = { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https" };
  const client = await dial(`${server.url}/ws`, { headers });
  expect(await client.ask("how", {})).toMatchObject({ payload: { protocol: "wss:", address: "203.0.113.9" } });
});

test("P22: each connect, refusal, error and disconnect is a line, with the connection's id and without a token", async () => {
  await using server = await serveExample(logging);
  const [good, bad] = [tokenOf("ana"), `${tokenOf("ana")}x`];
  const ana = await dial(`${server.url}/ws/me?token=${good}`);
  const { connection } = await logged("connected", { endpoint: "/ws/me" });
  expect(connection).toEqual(expect.any(String));
  await ana.ask("fail", {});
  expect(await logged("error", { endpoint: "/ws/me" })).toMatchObject({
    level: "error",
    connection,
    err: { message: "It broke." },
  });
  ana.close(1000);
  expect(await logged("disconnected", { endpoint: "/ws/me" })).toMatchObject({ level: "info", connection, code: 1000 });
  await dialRefused(`${server.url}/ws/me?token=${bad}`);
  const refused = await logged("refused", { endpoint: "/ws/me" });
  expect(refused).toMatchObject({ code: "unauthorized" });
  expect(JSON.stringify(refused) + unreadLog()).not.toContain(good);
});

test("P23: a handler is answered before its work is done, in a thread or beside it, and all of the user's devices are told", async () => {
  await using server = await serveExample(longWork);
  const enter = async () => {
    const client = await dial(`${server.url}/ws/jobs`, { token: tokenOf("ana") });
    expect(await client.takeAll()).toEqual([]);
    return client;
  };
  const [phone, laptop] = [await enter(), await enter()];
  for (const [type, payload, result] of [
    ["report", { pages: 3 }, { pages: 3 }],
    ["primes", { below: 200_000 }, { count: 17_984 }],
  ] as const) {
    phone.send({ type, payload, id: type });
    const heard: string[] = [];
    for (let next = await phone.next(); next.type !== "task_completed"; next = await phone.next())
      heard.push(next.type);
    expect(heard.indexOf("reply")).toBeLessThan(heard.indexOf("task_progress"));
    let last = await laptop.next();
    while (last.type !== "task_completed") last = await laptop.next();
    expect(last.payload).toMatchObject({ progress: 100, result });
  }
});

test("P23: while a thread computes nobody is held up", async () => {
  await using server = await serveExample(longWork);
  const client = await dial(`${server.url}/ws/jobs`, { token: tokenOf("bob") });
  const answerTo = async (id: string) => {
    let next = await client.next();
    while (next.id !== id) next = await client.next();
    return next;
  };
  client.send({ type: "primes", payload: { below: 10_000_000 }, id: "primes" });
  const { payload: task } = await answerTo("primes");
  for (const id of ["one", "two", "three"]) {
    client.send({ type: "ping", id });
    expect(await answerTo(id)).toEqual({ type: "pong", id });
  }
  client.send({ type: "task_cancel", payload: { task }, id: "cancel" });
  expect(await answerTo("cancel")).toMatchObject({ type: "reply" });
});

test("P23: nobody is given a thread for more than it should do", async () => {
  await using server = await serveExample(longWork);
  const client = await dial(`${server.url}/ws/jobs`, { token: tokenOf("dan") });
  for (const below of [1, 10_000_001, Number.MAX_SAFE_INTEGER])
    expect(await client.ask("primes", { below })).toMatchObject({ payload: { code: "invalid_payload" } });
});

test("P23: a handler that blocks the loop is named in the log and in a metric", async () => {
  await using server = await serveExample(longWork);
  const client = await dial(`${server.url}/ws/jobs`, { token: tokenOf("eve") });
  await client.ask("block", {});
  await logged("blocked", { endpoint: "/ws/jobs", during: 'message "block"' });
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toMatch(
    /^websocket_event_loop_blocks_total\{endpoint="\/ws\/jobs",handler="message",message="block"\} 1$/m,
  );
});

test("P27: the health check counts users and connections, and Prometheus reads the gauge and the rest", async () => {
  await using server = await serveExample(observed);
  const read = async (path: string) => (await fetch(`${server.url}${path}`)).text();
  const enter = (name: string) => dial(`${server.url}/ws/rooms/lobby`, { token: tokenOf(name) });
  const ana = await enter("ana");
  for (const name of ["ana", "bob"]) await enter(name);
  expect(JSON.parse(await read("/health/websockets"))).toEqual({ total_users: 2, total_connections: 3 });
  await ana.ask("say", { text: "hi" });
  // To everybody: also to who is on another computer, behind a proxy.
  const asked = await fetch(`${server.url}/metrics`, { headers: { "x-forwarded-for": "203.0.113.9" } });
  const metrics = await asked.text();
  expect(metrics).toContain('websocket_connections{endpoint="/ws/rooms/:room"} 3\n');
  expect(metrics).toContain(
    'websocket_handler_seconds_count{endpoint="/ws/rooms/:room",handler="message",message="say"} 1\n',
  );
});

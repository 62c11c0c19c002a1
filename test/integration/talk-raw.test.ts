import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { rawEndpoint } from "tidings";
import { expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { runCommand, startCommand } from "../support/command-run.js";
import { serve } from "../support/served-app.js";

const echo = rawEndpoint("/echo", { text: ({ connection }, text) => void connection.send(text) });

/** A server that has never heard of Tidings, and does with each connection what it is told. */
async function serveOther(
  behave: (socket: import("ws").WebSocket, headers: Readonly<Record<string, unknown>>) => void,
) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => false });
  server.on("connection", (socket, { headers }) => behave(socket, headers));
  await once(server, "listening");
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

/** A server of plain HTTP that answers every upgrade, and every other request, so. */
async function serveHttp(status: number, headers: Readonly<Record<string, string>>, body = "") {
  const server = createServer((_, response) => response.writeHead(status, headers).end(body));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

test("`request --raw` prints the first frame that comes, of any WebSocket server", async () => {
  await using server = await serve({ endpoints: [echo] });
  const url = `${server.url}/echo`;
  expect(await runCommand(["request", url, "--raw", "hello"])).toEqual({ code: 0, stdout: "hello\n", stderr: "" });
  const fromStdin = await runCommand(["request", url, "--raw", "-", "--json"], { stdin: "two\nlines" });
  expect(JSON.parse(fromStdin.stdout)).toEqual({ text: "two\nlines" });
});

test("bytes are told in base64", async () => {
  await using server = await serveOther((socket) => socket.on("message", () => socket.send(Buffer.from([0, 255]))));
  const { stdout } = await runCommand(["request", server.url, "--raw", "x", "--json"]);
  expect(JSON.parse(stdout)).toEqual({ base64: "AP8=" });
});

test("`send --raw` has said it when the server has closed, and a server that closes with an error is a failure", async () => {
  const heard: string[] = [];
  await using server = await serveOther((socket) => socket.on("message", (text) => heard.push(text.toString())));
  expect(await runCommand(["send", server.url, "--raw", "hello"])).toMatchObject({ code: 0, stdout: "sent\n" });
  expect(heard).toEqual(["hello"]);
  await using strict = await serveOther((socket) => socket.close(1008, "no thanks"));
  const { code, stderr } = await runCommand(["send", strict.url, "--raw", "hello", "--json"]);
  expect([code, JSON.parse(stderr).error]).toMatchObject([
    1,
    { code: "closed_1008", message: "It closed with 1008 no thanks." },
  ]);
});

test("a token goes into the header, where other servers look for it, and only one that was named for them", async () => {
  await using server = await serveOther((socket, { authorization = "none" }) => socket.send(String(authorization)));
  const heard = async (...args: string[]) => {
    const surroundings = { env: { TIDINGS_TOKEN: "hush" } };
    const { stdout } = await runCommand(
      ["listen", server.url, "--raw", "--count", "1", "--json", ...args],
      surroundings,
    );
    return JSON.parse(stdout).text;
  };
  expect(await heard("--token", "abc")).toBe("Bearer abc");
  expect(await heard()).toBe("none");
});

test("a refusal without an end is read no further than its beginning", async () => {
  const server = createServer((_, response) => response.writeHead(401).write("x".repeat(8_192)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`; // it listens on a port
  const { code, stderr } = await runCommand(["listen", url, "--raw", "--json"]);
  server.closeAllConnections();
  server.close();
  const message = "The server answers with HTTP 401 and makes no connection.";
  expect([code, JSON.parse(stderr).error]).toMatchObject([1, { code: "refused", message }]);
});

test("a frame that is longer than any message should be breaks the line, and is not held", async () => {
  await using server = await serveOther((socket) => socket.send("x".repeat(17 * 1_024 * 1_024)));
  const { code, stdout, stderr } = await runCommand(["listen", server.url, "--raw", "--json"]);
  const error = { code: "connection_lost", message: "The line broke: Max payload size exceeded." };
  expect([code, stdout, JSON.parse(stderr)]).toEqual([1, "", { error }]);
});

test("`listen --raw` prints frames until the server closes, as lines of JSON where no person reads", async () => {
  await using server = await serveOther((socket) => {
    socket.send("one");
    socket.send("two\nlines");
    socket.close(1000, "bye");
  });
  const { code, stdout, stderr } = await runCommand(["listen", server.url, "--raw"]);
  const frames = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).text);
  expect([code, frames, stderr]).toEqual([0, ["one", "two\nlines"], "Connected.\nThe server has closed: bye.\n"]);
});

test("in a terminal a frame can't move the cursor, or set a colour", async () => {
  await using server = await serveOther((socket) => socket.send("\u001b[31mred\u0007\u009b2J\u202e"));
  const surroundings = { isTerminal: true, env: { NO_COLOR: "1" } };
  const { stdout } = await runCommand(["listen", server.url, "--raw", "--count", "1"], surroundings);
  expect(stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}\\u001b\[31mred\\u0007\\u009b2J\\u202e\n$/);
});

test("what has channels, or dials again, goes not with --raw", async () => {
  const { code, stderr } = await runCommand(["listen", "/ws", "--raw", "--subscribe", "chat/a", "--json"]);
  expect([code, JSON.parse(stderr).error.code]).toEqual([2, "ambiguous_options"]);
});

test("a server that speaks no tidings.v1 is told as such, with the way to talk to it", async () => {
  await using server = await serveOther(() => {});
  const { code, stderr } = await runCommand(["request", server.url, "add", "--json"]);
  const { error } = JSON.parse(stderr);
  expect([code, error.code]).toEqual([1, "not_tidings"]);
  expect(error.fix).toContain("--raw");
});

test.each([
  [404, {}, "", { code: "refused", message: "The server answers with HTTP 404 and makes no connection." }],
  [200, {}, "<html>", { code: "refused", message: "The server answers with HTTP 200 and makes no connection." }],
  [302, { location: "https://login.example/" }, "", { code: "redirected", fix: "Say that address." }],
  [
    503,
    {},
    '{"code":"draining","message":"The server is going away."}',
    { code: "draining", message: "The server is going away." },
  ],
  [503, {}, `{"code":"draining","message":"${"x".repeat(9_000)}"}`, { code: "refused" }],
  [403, {}, '{"code":"\u001b[31m"}', { code: "refused" }],
] as const)(
  "a server that answers HTTP %d, and no WebSocket, is told as that",
  async (status, headers, body, error) => {
    await using server = await serveHttp(status, headers, body);
    const ran = await runCommand(["request", server.url, "add", "--json"]);
    expect([ran.code, JSON.parse(ran.stderr).error]).toMatchObject([1, error]);
  },
);

test("where nobody listens, or there is no TLS, or no such host, it says so", async () => {
  await using server = await serveHttp(200, {});
  const told = async (url: string) => {
    const { code, stderr } = await runCommand(["send", url, "--raw", "x", "--json"]);
    expect(code).toBe(1);
    return JSON.parse(stderr).error.code;
  };
  expect(await told("ws://127.0.0.1:1/")).toBe("unreachable");
  expect(await told("ws://nobody.invalid/")).toBe("unreachable");
  expect(await told(server.url.replace("ws:", "wss:"))).toBe("no_tls");
});

test("a server that takes the line and never answers is given up in time", async () => {
  const silent = createServer();
  silent.on("upgrade", () => {});
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
  for (const how of [["--raw", "x"], ["add"]]) {
    const run = startCommand(["request", url, ...how, "--timeout", "50ms", "--json"]);
    const { code, stderr } = await run.ended;
    expect([code, JSON.parse(stderr).error.code]).toEqual([1, "timeout"]);
  }
  silent.closeAllConnections();
  silent.close();
});

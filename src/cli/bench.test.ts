import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { type App, channel, createApp, endpoint } from "tidings";
import { bearer, jwt } from "tidings/auth";
import { describe, expect, test } from "vitest";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import { Program } from "../../test/support/child-process.js";
import { LogRecorder } from "../../test/support/log-recorder.js";
import { secret } from "../../test/support/tokens.js";
import { runProgram } from "./program.js";

/** Short, and still 80 messages. */
const SHORT = ["--connections", "4", "--ramp", "1000/1s", "--duration", "200ms", "--rate", "100/1s"] as const;

/** What the command said, and ended with. */
async function bench(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  const stdin = (async function* () {})();
  const streams = {
    stdout: { write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => err.push(text) },
  };
  const code = await runProgram(["bench", ...args], { ...streams, stdin, env });
  const [stdout, stderr] = [out.join(""), err.join("")];
  return { code, stdout, stderr, report: () => JSON.parse(stdout) };
}

/** A server of `ws` alone. */
async function startPlain(onConnection: (socket: WebSocket) => void, options: ServerOptions = {}) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", ...options });
  server.on("connection", onConnection);
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on a port
    server,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const echo = (socket: WebSocket) => socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));

async function startApp(app: App) {
  const { url } = await app.listen(0, { signals: [] });
  return { url: url.replace("http", "ws"), [Symbol.asyncDispose]: () => app.close() };
}

describe.concurrent("tidings bench", () => {
  test("any server answers ping frames, and each has its time", async () => {
    await using plain = await startPlain(() => {});
    const { code, report, stderr } = await bench([plain.url, ...SHORT, "--json"]);
    const { connections, messages, roundTrip, errors, isWhole, ownShare, seconds } = report();
    expect({ code, stderr, errors, isWhole }).toEqual({ code: 0, stderr: "", errors: 0, isWhole: true });
    expect(connections).toMatchObject({ wanted: 4, opened: 4, failed: { count: 0 }, lost: { count: 0 } });
    expect(messages).toMatchObject({ sent: 80, answered: 80, held: 0 });
    expect(seconds).toBeGreaterThanOrEqual(0.2);
    expect(roundTrip.steps.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(80);
    expect(roundTrip.p50).toBeGreaterThan(0);
    expect(roundTrip.max).toBeGreaterThanOrEqual(roundTrip["p99.9"]);
    expect(ownShare).toBeGreaterThan(0);
  });

  test("people are shown a table", async () => {
    await using plain = await startPlain(echo);
    const { code, stdout } = await bench([`${plain.url}/?token=secret`, ...SHORT, "--raw", "--size", "64b"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^ws:\/\/127\.0\.0\.1:\d+\/: texts of 64 bytes, 100\/1s from each connection, for 0\.\d+ s\n/,
    );
    expect(stdout).toMatch(/^connections {3}4 of 4 opened {3}p50 .+ max [\d.]+ ms$/m);
    expect(stdout).toMatch(/^round trip {4}p50 [\d.]+ {2}p90 /m);
    expect(stdout).toMatch(/^ {2}< +[\d.]+ ms {2}▇+ \d+$/m);
    expect(stdout).toMatch(/^this process {2}\d+ % of a core/m);
    expect(stdout).not.toContain("secret");
  });

  test("each text that is said back is an answer, of as many bytes", async () => {
    await using plain = await startPlain(echo);
    const { report } = await bench([plain.url, ...SHORT, "--size", "1kb", "--json"]);
    const { messages, received } = report();
    expect(received.messages).toBe(messages.sent);
    expect(received.bytes).toBe(messages.sent * 1_024);
  });

  const say = endpoint("/ws", {
    receives: { say: z.object({ text: z.string() }) },
    on: { say: (_, { text }) => text.length },
  });

  test("messages of an app are answered by their ids, and errors told apart", async () => {
    await using served = await startApp(
      createApp({ endpoints: [say], logger: new LogRecorder(), limits: { messages: "500/1s" } }),
    );
    const right = await bench([`${served.url}/ws`, ...SHORT, "--type", "say", "--payload", '{"text":"hi"}', "--json"]);
    expect(right.code).toBe(0);
    expect(right.report().messages.answered).toBe(right.report().messages.sent);
    // A path alone is on this computer.
    const wrong = await bench(["/ws", ...SHORT, "--message", '{"type":"say","payload":{"text":7}}', "--json"], {
      TIDINGS_PORT: new URL(served.url).port,
    });
    const { messages, errors } = wrong.report();
    expect({ code: wrong.code, answered: messages.answered, errors }).toEqual({
      code: 1,
      answered: 0,
      errors: messages.sent,
    });
    expect(messages.refused.reasons).toEqual([{ reason: "invalid_payload", count: messages.sent }]);
  });

  test("who is over a server's limit is told what to raise", async () => {
    await using served = await startApp(
      createApp({ endpoints: [say], logger: new LogRecorder(), limits: { messages: "1/1m" } }),
    );
    const { code, stderr, stdout } = await bench([
      `${served.url}/ws`,
      ...SHORT,
      "--type",
      "say",
      "--payload",
      '{"text":"hi"}',
    ]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^refused {7}\d+ {3}rate_limited \(\d+\)$/m);
    expect(stderr).toContain("`limits.messages`");
  });

  test("what an app publishes is received, beside the answers", async () => {
    const news = channel("news", { events: { said: z.object({ text: z.string() }) }, allow: { subscribe: true } });
    const room = endpoint("/ws", {
      receives: { say: z.object({}) },
      channels: [news],
      on: { say: ({ app }) => app.publish(news(), "said", { text: "hi" }) },
    });
    await using served = await startApp(
      createApp({ endpoints: [room], logger: new LogRecorder(), limits: { messages: "500/1s" } }),
    );
    const { report } = await bench([`${served.url}/ws`, ...SHORT, "--type", "say", "--subscribe", "news", "--json"]);
    const { messages, received, errors } = report();
    expect({ errors, answered: messages.answered }).toEqual({ errors: 0, answered: messages.sent });
    // Each hears of all four, and its answers.
    expect(received.messages).toBe(messages.sent * 5);
  });

  test("a channel that may not be subscribed to is why no connection is opened", async () => {
    await using served = await startApp(createApp({ endpoints: [say], logger: new LogRecorder() }));
    const { code, report } = await bench([`${served.url}/ws`, ...SHORT, "--subscribe", "nowhere", "--json"]);
    expect(code).toBe(1);
    expect(report().connections).toMatchObject({
      opened: 0,
      failed: { count: 4, reasons: [{ reason: "subscribe: not_found", count: 4 }] },
    });
  });

  test("tokens are shown in turns, and a refusal says its status and code", async () => {
    const seen: string[] = [];
    const user = bearer({
      verify(token) {
        seen.push(token);
        return token === "wrong" ? undefined : { id: token };
      },
    });
    const guarded = endpoint("/ws", { auth: user });
    await using served = await startApp(createApp({ endpoints: [guarded], logger: new LogRecorder() }));
    const folder = mkdtempSync(join(tmpdir(), "tidings-bench-"));
    try {
      const file = join(folder, "tokens.txt");
      writeFileSync(file, "ana\nwrong\n\nbob\n");
      const { code, report, stdout } = await bench([`${served.url}/ws`, ...SHORT, "--tokens", file, "--json"]);
      expect(code).toBe(1);
      expect(report().connections).toMatchObject({
        opened: 3,
        failed: { reasons: [{ reason: "HTTP 401 unauthorized", count: 1 }] },
      });
      expect(seen.toSorted()).toEqual(["ana", "ana", "bob", "wrong"]);
      expect(stdout).not.toMatch(/ana|bob|wrong/);
    } finally {
      rmSync(folder, { recursive: true });
    }
    const { code, report } = await bench([`${served.url}/ws`, ...SHORT, "--json"], { TIDINGS_TOKEN: "carol" });
    expect({ code, opened: report().connections.opened }).toEqual({ code: 0, opened: 4 });
  });

  test("--as shows a token signed with the server's secret, of one user or of one for each connection", async () => {
    const user = jwt({ secret, claims: z.object({ sub: z.string(), name: z.literal("Ana") }) });
    const seen: string[] = [];
    const guarded = endpoint("/ws", { auth: user, open: ({ user: { id } }) => void seen.push(id) });
    await using served = await startApp(createApp({ endpoints: [guarded], logger: new LogRecorder() }));
    const args = [`${served.url}/ws`, ...SHORT, "--claims", '{"name":"Ana"}', "--json"];
    const env = { TIDINGS_JWT_SECRET: secret, TIDINGS_TOKEN: "another's" };
    expect((await bench([...args, "--as", "ana"], env)).code).toBe(0);
    expect((await bench([...args, "--as", "user-{n}"], env)).code).toBe(0);
    expect(seen.toSorted()).toEqual(["ana", "ana", "ana", "ana", "user-1", "user-2", "user-3", "user-4"]);
  });

  test("who answers that it is elsewhere is not followed there: that may be anybody's", async () => {
    let dials = 0;
    await using elsewhere = await startPlain(() => (dials += 1));
    await using server = await startHttp((socket) => {
      socket.end(`HTTP/1.1 302 Found\r\nlocation: ${elsewhere.url}/\r\ncontent-length: 0\r\n\r\n`);
    });
    const { code, report } = await bench([server.url, ...SHORT, "--json"]);
    expect(code).toBe(1);
    expect(report().connections).toMatchObject({ opened: 0, failed: { reasons: [{ reason: "HTTP 302", count: 4 }] } });
    expect(dials).toBe(0);
  });

  test("a refusal without an end is heard no further than its beginning", async () => {
    const page = "x".repeat(8_192);
    await using server = await startHttp((socket) => {
      socket.write("HTTP/1.1 401 Unauthorized\r\ntransfer-encoding: chunked\r\n\r\n");
      socket.write(`${page.length.toString(16)}\r\n${page}\r\n`);
    });
    const { report } = await bench([server.url, ...SHORT, "--connections", "1", "--json"]);
    expect(report().connections.failed.reasons).toEqual([{ reason: "HTTP 401", count: 1 }]);
  });

  test("where nothing listens the others are spared, and so many failures may be allowed", async () => {
    const { port } = (await closedServer()).address;
    const args = [`ws://127.0.0.1:${port}`, "--connections", "5000", "--ramp", "1000/1s"];
    const { code, stdout, stderr } = await bench(args);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^connections {3}0 of 5,000 opened$/m);
    expect(Number(/^failed {8}(\d+) {3}ECONNREFUSED/m.exec(stdout)?.[1])).toBeLessThan(200);
    expect(stderr).toContain("nothing listens there");
    expect((await bench([...args, "--max-errors", "9999"])).code).toBe(1);
  });

  test("connections that the server ends are told with how", async () => {
    await using plain = await startPlain((socket) => socket.on("ping", () => socket.close(4001, "enough\u0007")));
    const { code, report } = await bench([plain.url, ...SHORT, "--json"]);
    const { connections, messages } = report();
    expect(code).toBe(1);
    expect(connections.lost).toEqual({ count: 4, reasons: [{ reason: "4001 enough\\u0007", count: 4 }] });
    expect(messages.sent + messages.held).toBe(80);
    expect((await bench([plain.url, ...SHORT, "--max-errors", "1000"])).code).toBe(0);
  });

  test("what is never answered is told, and past a thousand of it no more is said", async () => {
    await using plain = await startPlain(() => {});
    const args = ["--connections", "1", "--duration", "300ms", "--rate", "10000/1s", "--raw"];
    const { code, report } = await bench([plain.url, ...args, "--json"]);
    const { messages, roundTrip } = report();
    expect(code).toBe(1);
    expect(messages).toMatchObject({ sent: 1_000, unanswered: 1_000, answered: 0 });
    expect(messages.held).toBe(2_000);
    expect(roundTrip).toBeNull();
    const unawaited = await bench([plain.url, ...args, "--no-answers", "--json"]);
    expect({ code: unawaited.code, errors: unawaited.report().errors }).toEqual({ code: 0, errors: 0 });
    expect(unawaited.report().messages.sent).toBeGreaterThan(1_000);
  });

  test("a server that stalls is counted from when messages were due, and they are not spared it", async () => {
    const stalled: WebSocket[] = [];
    await using plain = await startPlain(
      (socket) => {
        stalled.push(socket);
        let isPast = false;
        // The first answer holds all others up; then they come at once.
        const waiting: Buffer[] = [];
        socket.on("ping", (data) => {
          waiting.push(data);
          if (waiting.length < 60 && !isPast) return;
          isPast = true;
          for (const each of waiting.splice(0)) socket.pong(each);
        });
      },
      { autoPong: false },
    );
    const args = ["--connections", "1", "--rate", "200/1s", "--duration", "600ms", "--json"];
    const { report } = await bench([plain.url, ...args]);
    const { roundTrip, messages } = report();
    expect(messages.sent).toBe(120);
    // 60 of 120 waited, the first of them for 300 ms.
    expect(roundTrip.max).toBeGreaterThan(250);
    expect(roundTrip.p90).toBeGreaterThan(100);
  });

  test("a person sees what happens while it does, and a program does not", async () => {
    await using plain = await startPlain(() => {});
    const lines: string[] = [];
    const stderr = { isTTY: true, columns: 120, write: (text: string) => lines.push(text) };
    const streams = { stdout: { write: () => {} }, stderr, stdin: (async function* () {})(), env: {} };
    expect(await runProgram(["bench", plain.url, ...SHORT, "--duration", "1s"], streams)).toBe(0);
    expect(lines.join("\n")).toContain("opening 0 of 4");
    expect(lines.join("\n")).toMatch(/\d of 1 s {2}\d+ messages a second {2}p50 [\d.]+ {2}p99 [\d.]+ ms {2}0 errors/);
    const { length } = lines;
    await runProgram(["bench", plain.url, ...SHORT, "--json"], streams);
    expect(lines).toHaveLength(length);
  });

  test("headers, subprotocols and what is said first reach the server", async () => {
    const heard: unknown[] = [];
    await using plain = await startPlain(
      (socket) => {
        heard.push(socket.protocol);
        socket.once("message", (data) => heard.push(data.toString()));
      },
      { verifyClient: ({ req }: { req: { headers: Record<string, unknown> } }) => heard.push(req.headers.origin) > 0 },
    );
    const first = '{"type":"auth","payload":{"token":"{token}"}}';
    const args = ["--connections", "1", "--duration", "100ms", "--header", "Origin: https://app.example"];
    await bench([plain.url, ...args, "--subprotocol", "chat", "--first", first, "--token", "t1"]);
    expect(heard).toEqual(["https://app.example", "chat", '{"type":"auth","payload":{"token":"t1"}}']);
  });

  test.each([
    [["ws://192.0.2.1/"], "not_this_computer"],
    [["ws://127.0.0.1/", "--host-is-mine", "example.com"], "not_this_computer"],
    [["ftp://127.0.0.1/"], "invalid_address"],
    [["ws://127.0.0.1/", "--rate", "fast"], "invalid_rate"],
    [["ws://127.0.0.1/", "--ramp", "0/1s"], "invalid_rate"],
    [["ws://127.0.0.1/", "--duration", "10"], "invalid_duration"],
    [["ws://127.0.0.1/", "--duration", "0s"], "invalid_option"],
    [["ws://127.0.0.1/", "--connections", "0"], "invalid_option"],
    [["ws://127.0.0.1/", "--connections", "60001"], "invalid_option"],
    [["ws://127.0.0.1/", "--max-errors", "-1"], "invalid_option"],
    [["ws://127.0.0.1/", "--size", "0"], "invalid_option"],
    [["ws://127.0.0.1/", "--size", "17mb"], "invalid_option"],
    [["ws://127.0.0.1/", "--size", "big"], "invalid_size"],
    [["ws://127.0.0.1/", "--type", "say", "--payload", "{text}"], "invalid_option"],
    [["ws://127.0.0.1/", "--payload", "{}"], "unfit_options"],
    [["ws://127.0.0.1/", "--type", "say", "--message", "hi"], "unfit_options"],
    [["ws://127.0.0.1/", "--type", "say", "--raw"], "unfit_options"],
    [["ws://127.0.0.1/", "--token", "a", "--tokens", "b"], "unfit_options"],
    [["ws://127.0.0.1/", "--token", "a", "--as", "ana"], "unfit_options"],
    [["ws://127.0.0.1/", "--token", "a", "--claims", "{}"], "unfit_options"],
    [["ws://127.0.0.1/", "--as", "ana", "--claims", "[]"], "invalid_claims"],
    [["ws://127.0.0.1/", "--as", "ana"], "missing_secret"],
    [["ws://127.0.0.1/", "--tokens", "/nowhere/tokens.txt"], "unreadable_file"],
    [["ws://127.0.0.1/", "--header", "no header"], "invalid_header"],
  ])("%j can't be tried: %s", async (args, code) => {
    const { code: ended, stderr, stdout } = await bench([...args, "--json"]);
    expect({ ended, stdout }).toEqual({ ended: 2, stdout: "" });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code, fix: expect.any(String) } });
  });

  test("Ctrl-C ends it, and the table is shown all the same", async () => {
    await using plain = await startPlain(() => {});
    const pinged = once(plain.server, "connection").then(([socket]: WebSocket[]) => once(socket as WebSocket, "ping"));
    const program = new Program("src/cli/index.ts", {}, ["bench", plain.url, "--duration", "1h"]);
    await pinged;
    expect(await program.stop("SIGINT")).toBe(0);
    expect(program.stdout[0]).toContain("(ended early)");
    expect(program.stdout.some((line) => /^answered +\d+$/.test(line))).toBe(true);
  });

  test("Ctrl-C ends it also while the server does not answer its handshakes", async () => {
    const silent = createServer().on("upgrade", () => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const sockets: Socket[] = [];
    silent.on("connection", (socket) => sockets.push(socket));
    const dialled = once(silent, "upgrade");
    const { port } = silent.address() as AddressInfo; // it listens on a port
    const program = new Program("src/cli/index.ts", {}, ["bench", `ws://127.0.0.1:${port}`]);
    await dialled;
    expect(await program.stop("SIGINT")).toBe(1);
    expect(program.stdout.join("\n")).toMatch(/^failed +\d+ +given up/m);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });
});

test("what is sent late by the load itself counts from when it was due", async () => {
  let hasBlocked = false;
  await using plain = await startPlain((socket) =>
    socket.on("ping", () => {
      if (hasBlocked) return;
      hasBlocked = true;
      // It is one process here: the load is held up as well.
      for (const until = performance.now() + 200; performance.now() < until; );
    }),
  );
  const args = ["--connections", "1", "--rate", "200/1s", "--duration", "500ms", "--json"];
  const { messages, roundTrip } = (await bench([plain.url, ...args])).report();
  expect(messages.late).toBeGreaterThan(10);
  const slow = roundTrip.steps.filter(({ belowMs }: { belowMs: number }) => belowMs > 66);
  // About 26 of the 40 that were due meanwhile, and not only the one that was on its way.
  expect(slow.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBeGreaterThan(10);
});

/** A server that answers each handshake in its own way. */
async function startHttp(onUpgrade: (socket: Duplex) => void) {
  const sockets: Duplex[] = [];
  const server = createServer().on("upgrade", (_, socket) => {
    sockets.push(socket.on("error", () => {})); // whoever dialled may be gone
    onUpgrade(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on a port
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port that nobody listens on any more. */
async function closedServer(): Promise<{ readonly address: AddressInfo }> {
  const server: HttpServer = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo; // it listens on a port
  await new Promise((resolve) => server.close(resolve));
  return { address };
}

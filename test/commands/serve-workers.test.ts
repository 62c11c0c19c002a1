import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test, vi } from "vitest";
import { tlsCertificate } from "../conformance/tls-certificate.js";
import { Inbox } from "../support/inbox.js";
import { startRedis } from "../support/redis/redis-server.js";
import { secret, signToken } from "../support/tokens.js";
import { dial } from "../support/ws-client.js";

vi.setConfig({ testTimeout: 60_000 });

const CONFIG = { "chat/:room": { subscribe: "users", publish: "users" } };

/** Of processes that start beside many others. */
const PATIENCE_MS = 30_000;

interface LogLine {
  readonly event?: string;
  readonly worker?: number;
  readonly pid?: number;
}

/** `tidings serve --workers 2`, with its log. */
class Served implements AsyncDisposable {
  readonly stdout = new Inbox<string>("stdout", PATIENCE_MS);
  readonly log = new Inbox<LogLine>("The log", PATIENCE_MS);
  readonly #child: ChildProcess;
  readonly ended: Promise<number | string>;

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = spawn(
      process.execPath,
      ["--import", "tsx", "src/cli/index.ts", "serve", "--workers", "2", "--json"],
      {
        env: {
          PATH: process.env.PATH,
          TIDINGS_JWT_SECRET: secret,
          TIDINGS_CHANNELS: JSON.stringify(CONFIG),
          TIDINGS_PORT: "0",
          ...env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.ended = once(this.#child, "close").then(([code, signal]) => (code ?? signal) as number | string);
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error("It has no pipes.");
    createInterface({ input: stdout }).on("line", (line) => this.stdout.put(line));
    createInterface({ input: stderr }).on("line", (line) => this.log.put(line.startsWith("{") ? JSON.parse(line) : {}));
  }

  next(event: string): Promise<LogLine> {
    return this.log.next((line) => line.event === event);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  stop(signal: NodeJS.Signals): Promise<number | string> {
    this.signal(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) await this.stop("SIGKILL");
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("two processes are one server on one port: one that dies is started anew, and a signal ends all", async () => {
  await using redis = await startRedis();
  await using served = new Served({ TIDINGS_REDIS_URL: redis.url });
  const { url, workers } = JSON.parse(await served.stdout.next()) as { url: string; workers: number };
  expect(workers).toBe(2);
  const first = [await served.next("worker_listening"), await served.next("worker_listening")];
  expect(new Set(first.map(({ worker }) => worker))).toEqual(new Set([0, 1]));

  // They take turns: of four clients both processes have some.
  const clients = await Promise.all(
    ["a", "b", "c", "d"].map((sub) => dial(`${url}/ws`, { token: signToken({ sub }) })),
  );
  for (const client of clients) await client.ask("subscribe", { channel: "chat/x" });
  clients[0]?.send({ type: "publish", payload: { channel: "chat/x", type: "said", payload: 1 } });
  for (const client of clients) expect(await client.next()).toMatchObject({ type: "said", payload: 1 });

  const victim = first[0];
  process.kill(victim?.pid ?? 0, "SIGKILL");
  expect(await served.next("worker_died")).toMatchObject({
    worker: victim?.worker,
    signal: "SIGKILL",
    restartsInMs: 1_000,
  });
  const restarted = await served.next("worker_listening");
  expect(restarted.worker).toBe(victim?.worker);
  expect(restarted.pid).not.toBe(victim?.pid);

  expect(await served.stop("SIGTERM")).toBe(0);
  expect([first[1], restarted].map(({ pid = 0 } = {}) => isAlive(pid))).toEqual([false, false]);
});

test("none is started anew once a signal has ended all", async () => {
  await using redis = await startRedis();
  await using served = new Served({ TIDINGS_REDIS_URL: redis.url, TIDINGS_LIMITS_CLOSE: "2s" });
  const { url } = JSON.parse(await served.stdout.next()) as { url: string };
  const first = [await served.next("worker_listening"), await served.next("worker_listening")];
  // Of two clients each process has one: whichever is left takes longer to end than another takes to start.
  for (const sub of ["a", "b"]) (await dial(`${url}/ws`, { token: signToken({ sub }) })).stopReading();
  process.kill(first[0]?.pid ?? 0, "SIGKILL");
  await served.next("worker_died");
  expect(await served.stop("SIGTERM")).toBe(0);
  expect(served.log.unread.map(({ event }) => event)).not.toContain("worker_listening");
});

test("where the first that start can't, none goes on trying", async () => {
  await using served = new Served({ TIDINGS_REDIS_URL: "redis://127.0.0.1:1", TIDINGS_REDIS_TIMEOUT: "200ms" });
  expect(await served.ended).toBe(1);
});

test("each reads the certificate anew at SIGHUP, and none stays behind when the first of all is killed", async () => {
  await using redis = await startRedis();
  using folder = folderOf({ "cert.pem": tlsCertificate.cert, "key.pem": tlsCertificate.key });
  await using served = new Served({
    TIDINGS_REDIS_URL: redis.url,
    TIDINGS_TLS_CERT: join(folder.path, "cert.pem"),
    TIDINGS_TLS_KEY: join(folder.path, "key.pem"),
  });
  expect(JSON.parse(await served.stdout.next())).toMatchObject({ url: expect.stringMatching(/^https:/) });
  await served.next("worker_listening");
  await served.next("worker_listening");
  served.signal("SIGHUP");
  await served.next("tls_renewed");
  await served.next("tls_renewed");
  // Its output is closed when the last of them has ended.
  served.signal("SIGKILL");
  expect(await served.ended).toBe("SIGKILL");
});

/** A folder with these files, which goes when the test is over. */
function folderOf(files: Readonly<Record<string, string>>) {
  const path = mkdtempSync(join(tmpdir(), "tidings-serve-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

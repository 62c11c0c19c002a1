import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";
import { tlsCertificate } from "../../conformance/tls-certificate.js";
import { freePort } from "./free-port.js";
import { RedisProcess } from "./redis-process.js";

export interface RedisOptions {
  readonly port?: number | undefined;
  /** Lines of `redis.conf`, besides those for a server without persistence: `{ appendonly: "yes" }`. */
  readonly config?: Readonly<Record<string, string | number>> | undefined;
  /** The rules of each ACL user: `{ app: "on >secret ~tidings:* +@all" }`. `default` stays and may do all. */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** Only TLS, for `localhost`, with `tlsCertificate` of the conformance suite. Default: only without. */
  readonly tls?: boolean | undefined;
  /** A sentinel that watches nothing yet, not a server of data. */
  readonly sentinel?: boolean | undefined;
}

/** A `redis-server` on the loopback that accepts commands. Disposing of it kills it and removes its files. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const server = new RedisServer(options, options.port ?? (await freePort()));
  try {
    await server.start();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** A place for a Redis: its port, its files and its configuration, with one process after the other. */
export class RedisServer implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly #options: RedisOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), "tidings-redis-"));
  #process: RedisProcess | undefined;
  #admin: Promise<Admin> | undefined;

  /** Use `startRedis`. */
  constructor(options: RedisOptions, port: number) {
    this.#options = options;
    this.host = options.tls ? "localhost" : "127.0.0.1";
    this.port = port;
    places.add(this);
    // Written once: a Redis writes its changes into it, such as what a sentinel had it do.
    writeFileSync(this.#file("redis.conf"), `${this.#configure().join("\n")}\n`);
    writeFileSync(this.#file("key.pem"), tlsCertificate.key);
    writeFileSync(this.#file("cert.pem"), tlsCertificate.cert);
  }

  /** Of the user `default`. */
  get url(): string {
    const password = this.#options.config?.requirepass;
    return this.#urlWith(password === undefined ? "" : `:${encodeURIComponent(password)}@`);
  }

  urlFor(user: string, password: string): string {
    return this.#urlWith(`${encodeURIComponent(user)}:${encodeURIComponent(password)}@`);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** What runs now. Throws while nothing does. */
  get process(): RedisProcess {
    if (this.#process === undefined) throw new Error(`The Redis on port ${this.port} is not started.`);
    return this.#process;
  }

  /** Starts it (again) on its port, with the data of the dump that is there. Resolves when it accepts commands. */
  async start(): Promise<void> {
    if (this.#process !== undefined) throw new Error(`The Redis on port ${this.port} is started already.`);
    const { sentinel = false } = this.#options;
    const started = new RedisProcess([this.#file("redis.conf"), ...(sentinel ? ["--sentinel"] : [])]);
    this.#process = started;
    const forget = () => {
      if (this.#process === started) this.#process = undefined;
    };
    started.exited.then(forget, forget); // it may shut down by itself
    await started.line(sentinel ? /Sentinel ID is/ : /Ready to accept connections/);
  }

  /** As `kill -9`: what it had only in its memory is lost. */
  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await Promise.all([process?.kill(), this.#disconnect()]);
  }

  /** Connections stay and the kernel accepts more, but nothing is answered. Resolves when it is stopped. */
  async pause(): Promise<void> {
    await this.process.pause();
  }

  resume(): void {
    this.process.resume();
  }

  /** Asks it as the user `default`, over a connection of its own. */
  command(...words: readonly string[]): Promise<unknown> {
    const answered = this.#connect().then((admin) => admin.sendCommand(words));
    // Who awaits it is told. A test that has ended, and whose Redis is gone with what it asked last, is not.
    answered.catch(() => {});
    return answered;
  }

  /** Keeps a copy of the data as they are now. */
  async snapshot(): Promise<void> {
    await this.command("SAVE");
    await copyFile(this.#file("dump.rdb"), this.#file("snapshot.rdb"));
  }

  /** Puts the copy in the place of the dump: the next start has the data of then. */
  async restoreSnapshot(): Promise<void> {
    await copyFile(this.#file("snapshot.rdb"), this.#file("dump.rdb"));
  }

  /** Cuts all clients' connections but its own, and says how many. */
  async killClients(): Promise<number> {
    const killed = [
      await this.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
      await this.command("CLIENT", "KILL", "TYPE", "pubsub", "SKIPME", "yes"),
    ];
    return killed.reduce<number>((sum, count) => sum + Number(count), 0);
  }

  async flushAll(): Promise<void> {
    await this.command("FLUSHALL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    places.delete(this);
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** When this process exits and nobody has disposed of it. */
  abandon(): void {
    void this.#process?.kill(); // nobody is left to await it
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #connect(): Promise<Admin> {
    if (this.#admin !== undefined) return this.#admin;
    const connecting = connectAdmin(this.url, this.#options.tls ?? false);
    this.#admin = connecting;
    const forget = () => {
      if (this.#admin === connecting) this.#admin = undefined;
    };
    // After an end that nobody asked for there is an "error" and no "end". The next command connects anew.
    connecting.then((admin) => admin.once("error", forget), forget);
    return connecting;
  }

  async #disconnect(): Promise<void> {
    const connecting = this.#admin;
    this.#admin = undefined;
    const admin = await connecting?.catch(() => undefined);
    if (admin?.isOpen) admin.destroy();
  }

  #configure(): readonly string[] {
    const { config = {}, users = {}, tls = false, sentinel = false } = this.#options;
    const files = ["tls-cert-file cert.pem", "tls-key-file key.pem", "tls-ca-cert-file cert.pem"];
    return [
      "bind 127.0.0.1",
      ...(tls ? ["port 0", `tls-port ${this.port}`, "tls-auth-clients no", ...files] : [`port ${this.port}`]),
      `dir ${this.#folder}`,
      // A replica is sent its first data at once, not after 5 s in which more might ask for them.
      ...(sentinel ? [] : ['save ""', "repl-diskless-sync-delay 0"]),
      ...Object.entries(config).map(([name, value]) => `${name} ${value}`),
      ...Object.entries(users).map(([name, rules]) => `user ${name} ${rules}`),
    ];
  }

  #urlWith(credentials: string): string {
    return `${this.#options.tls ? "rediss" : "redis"}://${credentials}${this.host}:${this.port}`;
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }
}

type Admin = ReturnType<typeof createAdmin>;

async function connectAdmin(url: string, tls: boolean): Promise<Admin> {
  const admin = createAdmin(url, tls);
  admin.on("error", () => {}); // whoever has asked is told
  await admin.connect();
  return admin;
}

function createAdmin(url: string, tls: boolean) {
  const socket = { reconnectStrategy: false } as const;
  return createClient({
    url,
    RESP: 3,
    disableOfflineQueue: true,
    socket: tls ? { ...socket, tls, ca: tlsCertificate.cert } : socket,
  });
}

/** Those that nobody has disposed of. */
const places = new Set<RedisServer>();
process.once("exit", () => {
  for (const place of places) place.abandon();
});

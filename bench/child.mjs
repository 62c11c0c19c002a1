import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { cores, pinned } from "./machine.mjs";

/** How long a child may take to start, and to answer a question. */
const ANSWER_MS = 30_000;
const STOP_MS = 5_000;

/** A server in a process of its own, on the servers' core unless told otherwise. */
export class ServerProcess {
  #child;
  #ended;
  #stderr = "";
  #waiting;

  /**
   * Resolves when it listens.
   *
   * @param {Pick<import("./peers.mjs").Peer, "command" | "isNode">} peer
   * @param {{ args?: readonly string[], nodeFlags?: readonly string[], env?: Record<string, string>, core?: number }} options
   */
  static async start(peer, { args = [], nodeFlags = [], env = {}, core = cores().server }) {
    const [program, ...rest] = peer.command;
    const command = pinned(core, [program, ...(peer.isNode ? nodeFlags : []), ...rest, ...args]);
    const server = new ServerProcess(command, env);
    try {
      const { port } = await server.#answer();
      server.port = port;
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  constructor(command, env) {
    const [program, ...args] = command;
    this.#child = spawn(program, args, { stdio: "pipe", env: { ...process.env, NODE_ENV: "production", ...env } });
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.stderr.on("data", (data) => {
      this.#stderr = (this.#stderr + data).slice(-4_000);
    });
    // Its end is told by "close".
    this.#child.stdin.on("error", () => {});
    this.#child.on("error", (error) => this.#waiting?.reject(error));
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#waiting?.resolve(line));
    void this.#ended.then(() => this.#waiting?.reject(new Error(`The server ended. ${this.#stderr.trim()}`)));
  }

  /** CPU seconds, user and system, of the whole process so far; or those in user code alone. */
  async cpuSeconds(isUserOnly = false) {
    const { seconds, userSeconds } = await this.ask("cpu");
    return isUserOnly ? userSeconds : seconds;
  }

  /** Bytes, after its garbage was collected. */
  memory() {
    return this.ask("memory");
  }

  /** From now on it samples where its time goes. Node only. */
  profile() {
    return this.ask("profile");
  }

  /** A V8 CPU profile of the time since. */
  profiled() {
    return this.ask("profiled");
  }

  /** What only servers of its kind answer. */
  ask(question, what) {
    this.#child.stdin.write(`${what === undefined ? question : `${question} ${JSON.stringify(what)}`}\n`);
    return this.#answer();
  }

  /** What it wrote to stderr, where something may have gone wrong. */
  get stderr() {
    return this.#stderr;
  }

  async stop() {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  async #answer() {
    const line = await within(
      ANSWER_MS,
      "the server",
      new Promise((resolve, reject) => {
        this.#waiting = { resolve, reject };
      }),
    );
    const answer = JSON.parse(line);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }
}

/** All clients, in a process of their own, on another core. */
export class LoadProcess {
  #child;
  #ended;
  #number = 0;
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();

  constructor() {
    const [program, ...args] = pinned(cores().load, [
      process.execPath,
      new URL("load/main.mjs", import.meta.url).pathname,
    ]);
    this.#child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.on("message", ({ number, result, error }) => {
      const waiting = this.#waiting.get(number);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
    });
    void this.#ended.then(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error("The load ended."));
    });
  }

  /** Gives an order, and resolves when it is carried out. */
  async order(order, what = {}) {
    this.#number += 1;
    const number = this.#number;
    try {
      return await within(
        ANSWER_MS,
        `the load (${order})`,
        new Promise((resolve, reject) => {
          this.#waiting.set(number, { resolve, reject });
          this.#child.send({ number, order, what });
        }),
      );
    } finally {
      this.#waiting.delete(number);
    }
  }

  async stop() {
    await this.order("end").catch(() => {});
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    await this.#ended;
    clearTimeout(timer);
  }
}

function within(ms, who, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing was heard from ${who} for ${ms / 1000} s.`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

import { setTimeout as sleep } from "node:timers/promises";
import { LoadProcess, ServerProcess } from "./child.mjs";
import { peers } from "./peers.mjs";

/**
 * What a row plays on: one server, and the load for it.
 *
 * @typedef {object} StageOptions
 * @property {string} peer
 * @property {string} tidings where its build is
 * @property {readonly string[]} [nodeFlags]
 * @property {boolean} [compression]
 * @property {number} [textLength] of what is said
 */
export class Stage {
  #load;
  server;
  /** A V8 CPU profile of what was measured, where one is wanted. */
  profile;
  isProfiling = false;

  /** @param {StageOptions} options */
  static async open({ peer, tidings, nodeFlags, compression = false, textLength = TEXT_LENGTH }) {
    const server = await ServerProcess.start(peers[peer], {
      args: compression ? ["--compression"] : [],
      nodeFlags,
      env: { TIDINGS: tidings },
    });
    const load = new LoadProcess();
    const stage = new Stage(server, load);
    try {
      await load.order("meet", { port: server.port, dialect: peers[peer].dialect, compression, textLength });
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  constructor(server, load) {
    this.server = server;
    this.#load = load;
  }

  async dial(what) {
    const result = await this.#load.order("dial", { atOnce: 50, ...what });
    // A handshake is answered before the server's own work for it is done.
    await sleep(SETTLE_MS);
    return result;
  }

  async hangUp(what) {
    await this.#load.order("hangUp", what);
    await sleep(SETTLE_MS);
  }

  order(order, what) {
    return this.#load.order(order, what);
  }

  /** What an order gave, and the seconds of the server's CPU time that it took. */
  async costOf(work) {
    const before = await this.server.cpuSeconds();
    if (this.isProfiling) await this.server.profile();
    const result = await work();
    if (this.isProfiling) this.profile = await this.server.profiled();
    return { result, cpuSeconds: (await this.server.cpuSeconds()) - before };
  }

  async close() {
    await this.#load.stop();
    await this.server.stop();
  }
}

/** With the type around it, a message from a client has 100 bytes. */
const TEXT_LENGTH = 64;
const SETTLE_MS = 150;

import { freePort } from "./free-port.js";
import { type RedisServer, startRedis } from "./redis-server.js";

/** Masters that share the slots evenly. Resolves when each of them takes commands. */
export async function startCluster({ masters = 3 }: { readonly masters?: number | undefined } = {}): Promise<Cluster> {
  const cluster = new Cluster();
  try {
    await cluster.start(masters);
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

export class Cluster implements AsyncDisposable {
  readonly nodes: RedisServer[] = [];
  readonly #ids = new Map<RedisServer, string>();

  /** Use `startCluster`. */
  async start(masters: number): Promise<void> {
    const busPorts: number[] = [];
    for (let n = 0; n < masters; n += 1) {
      const busPort = await freePort();
      const config = { "cluster-enabled": "yes", "cluster-node-timeout": 1_000, "cluster-port": busPort };
      const node = await startRedis({ config });
      this.nodes.push(node);
      busPorts.push(busPort);
      this.#ids.set(node, String(await node.command("CLUSTER", "MYID")));
      // Epochs of their own from the beginning: else the nodes quarrel until they have them.
      await node.command("CLUSTER", "SET-CONFIG-EPOCH", `${n + 1}`);
      const [first, last] = [n, n + 1].map((part) => Math.ceil((part * SLOTS) / masters));
      await node.command("CLUSTER", "ADDSLOTSRANGE", `${first}`, `${Number(last) - 1}`);
    }
    const agreed = this.nodes.map(({ process }) => process.line(/Cluster state changed: ok/));
    const [first] = this.nodes;
    for (const [n, { host, port }] of this.nodes.entries()) {
      if (n > 0) await first?.command("CLUSTER", "MEET", host, `${port}`, `${busPorts[n]}`);
    }
    await Promise.all(agreed);
  }

  /** As Redis reckons it, not as who is tested does. */
  async slotOf(key: string): Promise<number> {
    return Number(await this.#running().command("CLUSTER", "KEYSLOT", key));
  }

  /** Whom a node names that runs. */
  async ownerOf(slot: number): Promise<RedisServer> {
    const ranges = (await this.#running().command("CLUSTER", "SLOTS")) as readonly SlotRange[]; // its answer always
    const range = ranges.find(([first, last]) => first <= slot && slot <= last);
    const owner = this.nodes.find(({ port }) => port === range?.[2][1]);
    if (owner === undefined) throw new Error(`No node has the slot ${slot}.`);
    return owner;
  }

  /** Moves a slot with its keys. */
  async moveSlot(slot: number, to: RedisServer): Promise<void> {
    const move = await this.beginMove(slot, to);
    await move.moveKeys();
    await move.finish();
  }

  /** From now on its owner sends for keys that it has not (`ASK`) to the other. */
  async beginMove(slot: number, to: RedisServer): Promise<SlotMove> {
    const from = await this.ownerOf(slot);
    await to.command("CLUSTER", "SETSLOT", `${slot}`, "IMPORTING", this.#idOf(from));
    await from.command("CLUSTER", "SETSLOT", `${slot}`, "MIGRATING", this.#idOf(to));
    return {
      async moveKeys() {
        for (;;) {
          const keys = (await from.command("CLUSTER", "GETKEYSINSLOT", `${slot}`, "100")) as readonly string[]; // always
          if (keys.length === 0) return;
          await from.command("MIGRATE", to.host, `${to.port}`, "", "0", "5000", "KEYS", ...keys);
        }
      },
      finish: async () => {
        // It would lose them as soon as it heard of the slot's new owner.
        const left = Number(await from.command("CLUSTER", "COUNTKEYSINSLOT", `${slot}`));
        if (left > 0) throw new Error(`The slot's old owner still has ${left} of its keys.`);
        // First whom it goes to: were it forgotten by its old owner before, for a moment nobody had it.
        const others = this.nodes.filter((node) => node !== to && node !== from && node.pid !== undefined);
        for (const node of [to, from, ...others]) {
          await node.command("CLUSTER", "SETSLOT", `${slot}`, "NODE", this.#idOf(to));
        }
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
  }

  #running(): RedisServer {
    const node = this.nodes.find(({ pid }) => pid !== undefined);
    if (node === undefined) throw new Error("No node of the cluster runs.");
    return node;
  }

  #idOf(node: RedisServer): string {
    const id = this.#ids.get(node);
    if (id === undefined) throw new Error(`The Redis on port ${node.port} is not of this cluster.`);
    return id;
  }
}

export interface SlotMove {
  /** Those that are in the slot now. */
  moveKeys(): Promise<void>;
  /** Says it to each node: from now on the slot's old owner sends on for good (`MOVED`). Rejects while it has keys. */
  finish(): Promise<void>;
}

type SlotRange = readonly [first: number, last: number, owner: readonly [host: string, port: number]];

const SLOTS = 16_384;

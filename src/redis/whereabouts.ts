import type { RedisClientOptions, RedisClusterOptions, RedisSentinelOptions } from "redis";
import { createDialledClient } from "./dialled-client.js";
import type { Address, Line } from "./line.js";
import { SLOTS } from "./names.js";
import { after } from "./timer.js";

/** A server that is a master, and the slots it has: from … to, both included. */
export interface Home {
  /** Undefined: where the client's options say. */
  readonly address: Address | undefined;
  readonly slots: readonly (readonly [from: number, to: number])[];
}

/** Finds out where the masters are. */
export interface Whereabouts {
  readonly isSharded: boolean;
  /** node-redis's options for a connection to a master. */
  readonly client: RedisClientOptions;
  /** How often it is asked whether they are still there; undefined: not, they don't move. */
  readonly everyMs: number | undefined;
  /** Where a server is reached that calls itself this. */
  readonly reach: (address: Address) => Address;
  /**
   * Rejects where nobody who could know answers.
   *
   * @param lines those that there are
   */
  locate(lines: Iterable<Line>): Promise<readonly Home[]>;
}

const everything = [[0, SLOTS - 1]] as const;

/** One server, always at the same place. */
export function alone(client: RedisClientOptions): Whereabouts {
  const locate = async () => [{ address: undefined, slots: everything }];
  return { isSharded: false, client, everyMs: undefined, reach: (address) => address, locate };
}

/** The master that the sentinels name at the time. The first that answers is believed. */
export function bySentinels(options: RedisSentinelOptions, patienceMs: number): Whereabouts {
  const { name, sentinelRootNodes, sentinelClientOptions = {}, nodeClientOptions = {}, nodeAddressMap } = options;
  return {
    isSharded: false,
    client: nodeClientOptions,
    // An old master takes writes for ten seconds after the sentinels have named another.
    everyMs: 2_000,
    reach: (address) => mapped(address, nodeAddressMap),
    async locate() {
      const { answer } = await firstAnswer(
        sentinelRootNodes.map((address) => ({
          ...sentinelClientOptions,
          socket: { ...sentinelClientOptions.socket, ...address },
        })),
        ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name],
        patienceMs,
      );
      if (!Array.isArray(answer)) throw new Error(`The sentinels know no master "${name}".`);
      const address = { host: String(answer[0]), port: Number(answer[1]) };
      return [{ address: mapped(address, nodeAddressMap), slots: everything }];
    },
  };
}

/** The masters of a cluster, as one of its servers knows them. */
export function ofCluster(options: RedisClusterOptions, patienceMs: number): Whereabouts {
  const { rootNodes, defaults = {}, nodeAddressMap } = options;
  const roots = rootNodes.map((node) => ({ ...defaults, ...node, socket: { ...defaults.socket, ...node.socket } }));
  return {
    isSharded: true,
    client: defaults as RedisClientOptions, // no more than a client's own options
    // Who asks the wrong one is told by it.
    everyMs: 20_000,
    reach: (address) => mapped(address, nodeAddressMap),
    async locate(lines) {
      // Another one each time: one may be cut off from the others, and not know what they do.
      for (const line of shuffled([...lines])) {
        const known = await line.clusterSlots().catch(() => undefined);
        if (known !== undefined) return homesOf(known, line.address?.host, nodeAddressMap);
      }
      const { answer, by } = await firstAnswer(roots as RedisClientOptions[], ["CLUSTER", "SLOTS"], patienceMs);
      return homesOf(answer, hostOf(by), nodeAddressMap);
    },
  };
}

type AddressMap = RedisClusterOptions["nodeAddressMap"];

/** `CLUSTER SLOTS`: from, to, the master's host and port, then its replicas. A host that is not known is the one asked. */
function homesOf(answer: unknown, asked: string | undefined, map: AddressMap): readonly Home[] {
  const byAddress = new Map<string, { readonly address: Address; readonly slots: [number, number][] }>();
  const ranges = answer as [unknown, unknown, [unknown, unknown]][]; // what Redis documents
  for (const [from, to, master] of ranges) {
    const [host, port] = master;
    const known = typeof host === "string" && host !== "" ? host : (asked ?? "127.0.0.1");
    const address = mapped({ host: known, port: Number(port) }, map);
    const name = `${address.host}:${address.port}`;
    const home = byAddress.get(name) ?? { address, slots: [] };
    byAddress.set(name, home);
    home.slots.push([Number(from), Number(to)]);
  }
  return [...byAddress.values()];
}

function mapped(address: Address, map: AddressMap): Address {
  const name = `${address.host}:${address.port}`;
  const found = typeof map === "function" ? map(name) : map?.[name];
  return found ?? address;
}

function hostOf({ url, socket }: RedisClientOptions): string | undefined {
  if (url !== undefined) return new URL(url).hostname;
  return socket !== undefined && "host" in socket ? socket.host : undefined;
}

/** Asks one after the other, until one answers. */
async function firstAnswer(
  clients: readonly RedisClientOptions[],
  command: readonly string[],
  patienceMs: number,
): Promise<{ readonly answer: unknown; readonly by: RedisClientOptions }> {
  const reasons: unknown[] = [];
  for (const options of clients) {
    const client = createDialledClient(options, patienceMs);
    const late = after(patienceMs, () => client.destroy());
    // What goes wrong rejects the call it concerns, too.
    client.on("error", () => {});
    try {
      await client.connect();
      return { answer: await client.sendCommand([...command]), by: options };
    } catch (error) {
      reasons.push(error);
    } finally {
      late.cancel();
      client.destroy();
    }
  }
  throw new AggregateError(
    reasons,
    `None of ${clients.length} Redis servers answered ${command.slice(0, 2).join(" ")}.`,
  );
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const start = Math.floor(Math.random() * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}

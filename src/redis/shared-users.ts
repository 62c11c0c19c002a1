import { chunks } from "../base/chunks.js";
import { MultiMap } from "../base/multi-map.js";
import { USER_PARTS } from "./names.js";
import { countUsers, findUser, noteUsers, reserveUser } from "./scripts/users.js";
import { isAway, type Servers } from "./servers.js";
import type { Settings } from "./settings.js";

/**
 * How many connections each user has at which process.
 *
 * Redis is told how many there are here, and never that there is one more: what was lost, or said twice, is right again with
 * the next word. For one user one thing is said after the other.
 */
export class SharedUsers {
  readonly #servers: Servers;
  readonly #settings: Settings;
  readonly #users = new Map<string, Devices>();
  #isRefused = false;

  constructor(servers: Servers, settings: Settings) {
    this.#servers = servers;
    this.#settings = settings;
  }

  /** False where the user has so many connections over all processes. */
  reserve(user: string, connection: string, limit: number): Promise<boolean> {
    return this.#inTurn(user, async (devices) => {
      const isNew = !devices.all.has(connection);
      devices.all.add(connection);
      try {
        if (!isNew || !Number.isFinite(limit)) {
          await this.#note(user);
          return true;
        }
        const { names, process, leaseMs } = this.#settings;
        const keys = [names.user(user), names.users(names.partOfUser(user))];
        const { all, open } = devices;
        const args = [user, process, all.size, open.size, limit, leaseMs];
        if ((await this.#servers.run(reserveUser, keys, args)) === 1) return true;
      } catch (error) {
        if (isNew) devices.all.delete(connection);
        devices.isUnsure = true;
        throw error;
      }
      devices.all.delete(connection);
      // A renewal may have counted it meanwhile.
      if (devices.told > devices.all.size) await this.#note(user);
      return false;
    });
  }

  arrive(user: string, connection: string): Promise<void> {
    return this.#inTurn(user, (devices) => {
      devices.all.add(connection);
      devices.open.add(connection);
      return this.#note(user);
    });
  }

  depart(user: string, connection: string): Promise<void> {
    return this.#inTurn(user, async (devices) => {
      const isKnown = devices.all.delete(connection);
      devices.open.delete(connection);
      if (isKnown) await this.#note(user);
    });
  }

  /** Users of whom something is remembered. */
  get size(): number {
    return this.#users.size;
  }

  /** Has the user a connection here, be it reserved or open? */
  has(user: string): boolean {
    return (this.#users.get(user)?.all.size ?? 0) > 0;
  }

  async isConnected(user: string): Promise<boolean> {
    const { names } = this.#settings;
    return (await this.#servers.run(findUser, [names.user(user)], [])) === 1;
  }

  /** Those with an open connection at any process. */
  async count(): Promise<number> {
    const { names } = this.#settings;
    const parts = Array.from({ length: USER_PARTS }, (_, part) => names.users(part));
    const counts = await Promise.all(parts.map((key) => this.#servers.run(countUsers, [key], [])));
    return counts.reduce<number>((sum, count) => sum + Number(count), 0);
  }

  /** All that are here still are. */
  async renew(): Promise<void> {
    const { names } = this.#settings;
    const byPart = new MultiMap<number, string>();
    for (const user of this.#users.keys()) byPart.add(names.partOfUser(user), user);
    let refused: unknown;
    for (const part of byPart.keys()) {
      for (const users of chunks(byPart.of(part), BATCH)) {
        const reason = await this.#renew(part, users);
        refused ??= reason;
      }
    }
    // It is told once, and again when all of them have been taken in between.
    if (refused !== undefined && !this.#isRefused) this.#settings.onError(refused, "users");
    this.#isRefused = refused !== undefined;
  }

  /** Nobody is here any more. */
  async close(): Promise<void> {
    for (const { all, open } of this.#users.values()) {
      all.clear();
      open.clear();
    }
    await this.renew();
    this.#users.clear();
  }

  /** While the broker is away it is left: all is said anew when it is back. */
  async #note(user: string): Promise<void> {
    try {
      await this.#noteAll(this.#settings.names.partOfUser(user), [user]);
    } catch (error) {
      if (!isAway(error)) throw error;
    }
  }

  /** Gives why one of them is refused. Rejects where Redis is away. */
  async #renew(part: number, users: readonly string[]): Promise<unknown> {
    try {
      await this.#noteAll(part, users);
      return undefined;
    } catch (error) {
      if (isAway(error)) throw error;
      if (users.length === 1) return error;
    }
    // It may be one of them alone.
    const found = await Promise.all(users.map((user) => this.#renew(part, [user])));
    return found.find((error) => error !== undefined);
  }

  async #noteAll(part: number, users: readonly string[]): Promise<void> {
    const { names, process, leaseMs } = this.#settings;
    const counts = users.flatMap((user) => {
      const devices = this.#users.get(user);
      if (devices !== undefined) devices.told = devices.all.size;
      return [user, devices?.all.size ?? 0, devices?.open.size ?? 0];
    });
    const keys = [names.users(part), ...users.map((user) => names.user(user))];
    let isUnsure = true;
    try {
      await this.#servers.run(noteUsers, keys, [process, leaseMs, ...counts]);
      isUnsure = false;
    } finally {
      for (const user of users) {
        const devices = this.#users.get(user);
        if (devices === undefined) continue;
        devices.isUnsure = isUnsure;
        this.#forgetWhereOver(user, devices);
      }
    }
  }

  /** Who has gone is known until Redis knows so. */
  #forgetWhereOver(user: string, { all, last, isUnsure }: Devices): void {
    if (all.size === 0 && last === undefined && !isUnsure) this.#users.delete(user);
  }

  #inTurn<Result>(user: string, run: (devices: Devices) => Promise<Result>): Promise<Result> {
    const devices = this.#users.get(user) ?? {
      all: new Set(),
      open: new Set(),
      last: undefined,
      told: 0,
      isUnsure: false,
    };
    this.#users.set(user, devices);
    const result = devices.last === undefined ? run(devices) : devices.last.then(() => run(devices));
    const settled: Promise<void> = result.then(nothing, nothing).then(() => {
      if (devices.last !== settled) return;
      devices.last = undefined;
      this.#forgetWhereOver(user, devices);
    });
    devices.last = settled;
    return result;
  }
}

/** One user's connections at this process. */
interface Devices {
  /** Reserved or open. */
  readonly all: Set<string>;
  readonly open: Set<string>;
  /** Resolves when what was to be said of them has been said. */
  last: Promise<void> | undefined;
  /** How many Redis was told of last that are reserved or open. */
  told: number;
  /** What Redis was told last may not have reached it: it is told again when it is back. */
  isUnsure: boolean;
}

/** So many users are noted in one step. */
const BATCH = 200;

function nothing(): void {}

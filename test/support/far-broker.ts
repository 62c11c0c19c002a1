import type { Broker } from "tidings";

type Node = Parameters<Broker["connect"]>[0];
type Link = Awaited<ReturnType<Broker["connect"]>>;

/**
 * A broker for one process that answers later, and can be away, as one behind a network is. What it is asked it does one
 * after the other, in the order it was asked.
 */
export class FarBroker implements Broker {
  readonly "~is" = "broker";
  /** What was asked of it, such as `subscribe room`. */
  readonly asked: string[] = [];
  /** Awaited before it does anything: holds it back, or rejects where it is away. */
  reach: (what: keyof Link | "connect") => Promise<unknown> = () => new Promise((resolve) => setImmediate(resolve));
  readonly #users = new Map<string, Set<string>>();
  readonly #channels = new Set<string>();
  #offset = 0;
  #last: Promise<unknown> = Promise.resolve();

  async connect(node: Node): Promise<Link> {
    await this.#do("connect", "");
    return {
      publish: async (event) => {
        await this.#do("publish", event.channel);
        this.#offset += 1;
        const position = { epoch: "one", offset: this.#offset };
        if (this.#channels.has(event.channel)) node.deliver({ ...event, ...position });
        return position;
      },
      read: async (channel) => {
        await this.#do("read", channel);
        return { epoch: "one", offset: this.#offset, events: [], isComplete: true };
      },
      subscribe: async (channel) => {
        await this.#do("subscribe", channel);
        this.#channels.add(channel);
        return { epoch: "one", offset: this.#offset };
      },
      unsubscribe: async (channel) => {
        await this.#do("unsubscribe", channel);
        this.#channels.delete(channel);
      },
      reserve: async (user) => {
        await this.#do("reserve", user);
        return true;
      },
      revoke: async (revocation) => {
        await this.#do("revoke", "");
        node.revoke(revocation);
      },
      countInWindow: async (key) => {
        await this.#do("countInWindow", key);
        return 0;
      },
      arrive: async (user, connection) => {
        await this.#do("arrive", user);
        this.#users.set(user, new Set([...(this.#users.get(user) ?? []), connection]));
      },
      depart: async (user, connection) => {
        await this.#do("depart", user);
        this.#users.get(user)?.delete(connection);
      },
      isConnected: async (user) => {
        await this.#do("isConnected", user);
        return (this.#users.get(user)?.size ?? 0) > 0;
      },
      disconnectUser: async (user, code, reason) => {
        await this.#do("disconnectUser", user);
        node.disconnectUser(user, code, reason);
      },
      countUsers: async () => {
        await this.#do("countUsers", "");
        return [...this.#users.values()].filter(({ size }) => size > 0).length;
      },
      close: async () => void (await this.#do("close", "")),
    };
  }

  #do(what: keyof Link | "connect", about: string): Promise<unknown> {
    this.asked.push(`${what} ${about}`.trimEnd());
    const done = this.#last.then(() => this.reach(what));
    this.#last = done.catch(() => {});
    return done;
  }
}

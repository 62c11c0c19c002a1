import type { BrokerEvent, BrokerNode, Publication, Revocation } from "../broker/broker.js";
import { readRevocation, type StoredRevocations } from "./stored-revocations.js";

/** What is said to all processes is an event of this channel: names that begin with `$` are no app's. */
export const PROCESSES = "$processes";

export interface ProcessNoticesOptions {
  readonly publish: (event: Publication) => Promise<unknown>;
  readonly stored: StoredRevocations;
  readonly node: Pick<BrokerNode, "disconnectUser" | "revoke" | "notified">;
}

/**
 * What one process says to all of them, itself included: on a channel of their own, which is kept. So it is neither lost nor
 * doubled where a connection breaks. What is revoked is stored as well, for those who come later.
 */
export class ProcessNotices {
  readonly #options: ProcessNoticesOptions;
  /** What is revoked, as far as this process was told: to be stored anew where Redis has lost it. */
  readonly #told = new Map<string, Revocation>();

  constructor(options: ProcessNoticesOptions) {
    this.#options = options;
  }

  async disconnectUser(user: string, code: number, reason: string): Promise<void> {
    await this.#say("disconnect", { user, code, reason });
  }

  async revoke(revocation: Revocation, limit: number): Promise<void> {
    // First where those who come later find it: whoever comes in between is told twice, and nobody not at all.
    await this.#options.stored.put(revocation, limit);
    await this.#say("revoke", { ...revocation, limit });
  }

  async notify(topic: string, json: string): Promise<void> {
    await this.#say("notice", { topic, json });
  }

  /** An event of the channel. */
  heard({ type, payloadJson }: BrokerEvent): void {
    const { node } = this.#options;
    const said: unknown = JSON.parse(payloadJson);
    switch (type) {
      case "disconnect": {
        const { user, code, reason } = said as { user: string; code: number; reason: string }; // as `disconnectUser` wrote it
        node.disconnectUser(user, code, reason);
        break;
      }
      case "revoke": {
        const { limit, ...revocation } = said as Revocation & { limit: number }; // as `revoke` wrote it
        this.#tell(readRevocation(JSON.stringify(revocation)), limit);
        break;
      }
      case "notice": {
        const { topic, json } = said as { topic: string; json: string }; // as `notify` wrote it
        node.notified(topic, json);
        break;
      }
    }
  }

  /** Tells this process of what others have had revoked, and it was not told of. */
  async read(): Promise<void> {
    for (const revocation of await this.#options.stored.read()) {
      // Who was let in again since need not go again.
      const known = this.#told.get(nameOf(revocation));
      if (known?.revokedAtMs !== revocation.revokedAtMs) this.#tell(revocation, UNLIMITED);
    }
  }

  /** Redis may have lost some of it: what this process was told of is stored again. */
  async restore(): Promise<void> {
    const { stored } = this.#options;
    await Promise.all([...this.#told.values()].map((revocation) => stored.put(revocation, UNLIMITED)));
    await this.read();
  }

  async #say(type: string, what: object): Promise<void> {
    const payloadJson = JSON.stringify(what);
    await this.#options.publish({ channel: PROCESSES, type, payloadJson, except: undefined, keep: KEPT });
  }

  #tell(revocation: Revocation, limit: number): void {
    const name = nameOf(revocation);
    this.#told.delete(name);
    this.#told.set(name, revocation);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= limit) break;
      this.#told.delete(oldest);
    }
    this.#options.node.revoke(revocation);
  }
}

/** A process that is cut off for so long, or from so many, reads what is revoked, and misses the rest. */
const KEPT = { size: 1_000, ttlMs: 300_000 };

/** What has been stored was within its limit. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

function nameOf(revocation: Revocation): string {
  return JSON.stringify("user" in revocation ? { user: revocation.user } : { tokenId: revocation.tokenId });
}

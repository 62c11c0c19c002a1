import type { Revocation } from "../broker/broker.js";
import type { Names } from "./names.js";
import { readRevoked, revoke } from "./scripts/processes.js";
import type { Servers } from "./servers.js";

/** What is not to be let in any more, for processes that come later. */
export class StoredRevocations {
  readonly #servers: Servers;
  readonly #keys: readonly string[];

  constructor(servers: Servers, names: Names) {
    const { key } = names.processes;
    this.#servers = servers;
    this.#keys = [`${key}:revoked`, `${key}:revoked-order`, `${key}:revoked-until`];
  }

  async put(revocation: Revocation, limit: number): Promise<void> {
    const id = "user" in revocation ? `user ${revocation.user}` : `token ${revocation.tokenId}`;
    const args = [id, JSON.stringify(revocation), revocation.untilMs ?? "+inf", limit];
    await this.#servers.run(revoke, this.#keys, args);
  }

  /** The oldest first. */
  async read(): Promise<readonly Revocation[]> {
    const found = (await this.#servers.run(readRevoked, this.#keys, [])) as string[]; // as `put` wrote them
    return found.map(readRevocation);
  }
}

export function readRevocation(json: string): Revocation {
  const { untilMs, ...rest } = JSON.parse(json) as Revocation; // as it was written
  return { ...rest, untilMs };
}

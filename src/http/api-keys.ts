import { createHash, timingSafeEqual } from "node:crypto";
import { operations } from "../api/operations.js";
import { ConfigError } from "../base/config-error.js";
import { checkOptions, requireOption } from "../base/options.js";
import { describeGiven } from "../base/quantity.js";
import type { ApiKey, ApiOperation, ApiOptions } from "../declare/api-options.js";

/** What somebody may who has shown a key. */
export interface KeyHolder {
  readonly name: string;
  may(operation: ApiOperation): boolean;
}

/** The keys of the HTTP API, of which only digests are kept. */
export class ApiKeys {
  readonly #keys: readonly KnownKey[];

  /** @throws ConfigError where one can't be so, or is there twice */
  constructor(keys: ApiOptions["keys"]) {
    this.#keys = keys.map(knownKey);
    for (const [index, { holder, digest }] of this.#keys.entries()) {
      const others = this.#keys.slice(0, index);
      if (others.some((other) => other.digest.equals(digest))) throw twice(holder.name, "key");
      if (others.some((other) => other.holder.name === holder.name)) throw twice(holder.name, "name");
    }
  }

  get isEmpty(): boolean {
    return this.#keys.length === 0;
  }

  /** Whose key this is. What is wrong takes as long as what is right: digests are compared, in full, and all of them. */
  holderOf(shown: string): KeyHolder | undefined {
    const digest = digestOf(shown);
    let found: KeyHolder | undefined;
    for (const key of this.#keys) if (timingSafeEqual(key.digest, digest)) found = key.holder;
    return found;
  }
}

interface KnownKey {
  readonly digest: Buffer;
  readonly holder: KeyHolder;
}

function knownKey(given: string | ApiKey, index: number): KnownKey {
  const where = `http.api.keys[${index}]`;
  const { name = `key ${index + 1}`, key, may } = typeof given === "string" ? { key: given } : readKey(where, given);
  checkKey(where, key);
  const allowed = may && new Set(may);
  return { digest: digestOf(key), holder: { name, may: (operation) => allowed?.has(operation) !== false } };
}

function readKey(where: string, given: ApiKey): ApiKey {
  checkOptions(where, given, { name: "text", key: "anything", may: "list" });
  requireOption(where, given, "key", "text");
  const unknown = given.may?.find((each) => !Object.hasOwn(operations, each));
  if (unknown === undefined) return given;
  throw new ConfigError("invalid_api_key", {
    message: `${where}: \`may\` lists ${describeGiven(unknown)}, which nobody can ask.`,
    fix: `What can be asked is ${Object.keys(operations).join(", ")}.`,
  });
}

/** What is wrong with it is told, and not the key. */
function checkKey(where: string, key: unknown): void {
  if (typeof key === "string" && /^[\x21-\x7e]{16,}$/.test(key)) return;
  throw new ConfigError("invalid_api_key", {
    message: `${where} is ${typeof key === "string" ? "too short, or has characters that a header can't" : describeGiven(key)}.`,
    fix: "Give it 16 characters or more of visible ASCII, such as what `openssl rand -hex 32` makes.",
  });
}

function twice(name: string, what: "key" | "name"): ConfigError {
  return new ConfigError("invalid_api_key", {
    message: `Two of http.api.keys have one ${what}${what === "name" ? `, "${name}"` : ""}.`,
    fix: `Give each a ${what} of its own.`,
  });
}

function digestOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

import { type CryptoKey, createLocalJWKSet, errors, type FlattenedJWSInput, type JWTHeaderParameters } from "jose";
import { TidingsError } from "../protocol/tidings-error.js";

type FindKey = ReturnType<typeof createLocalJWKSet>;

export interface KeySetSettings {
  /** After this age in milliseconds the set is fetched again before it is used. */
  readonly maxAgeMs: number;
  /** After this age in milliseconds a set is not used any more, though a fresh one can't be had. */
  readonly staleMs: number;
  /** The shortest time from one fetch to the next, in milliseconds, whatever tokens ask for. */
  readonly cooldownMs: number;
  /** The same while there is no set at all: an app that starts before its key server must not wait for long. */
  readonly retryMs: number;
  /** How long a fetch may take, in milliseconds, its body included. */
  readonly timeoutMs: number;
  /** How long a body may be, in bytes, as it is after decompression. */
  readonly bodyBytes: number;
}

const defaults: KeySetSettings = {
  maxAgeMs: 10 * 60_000,
  staleMs: 24 * 60 * 60_000,
  cooldownMs: 30_000,
  retryMs: 1_000,
  timeoutMs: 5_000,
  bodyBytes: 1_048_576,
};

/**
 * The public keys of an issuer, as its key server has them (RFC 7517 §5).
 *
 * Fetched when a token needs them: the first time, when they are old, and when a token names a key that is not among them.
 * Lookups share a fetch, and however many tokens name keys that do not exist, there is one fetch per cooldown. While
 * the server is away, the keys that are known go on working for a day.
 *
 * jose chooses the key. Its own remote set is not used: it cools down after a success only, asks a server that is down
 * once per token, drops the keys it has when a refresh fails, and reads a body of any size.
 */
export class KeySet {
  readonly #url: URL;
  readonly #settings: KeySetSettings;
  #findKey: FindKey | undefined;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #failure: { readonly cause: unknown } | undefined;
  #pending: Promise<void> | undefined;

  constructor(url: URL, settings: Partial<KeySetSettings> = {}) {
    this.#url = url;
    this.#settings = { ...defaults, ...settings };
  }

  /**
   * The key a token is signed with. `nowMs` is milliseconds since 1970 by the app's clock.
   *
   * @throws {TidingsError} `unavailable` where the server can't be reached, or what it says can't be used.
   * @throws {errors.JWKSNoMatchingKey} where the server has no such key.
   * @throws {errors.JWKSMultipleMatchingKeys} where the token does not say which of several it means.
   */
  async find(header: JWTHeaderParameters, token: FlattenedJWSInput, nowMs: number): Promise<CryptoKey> {
    const { maxAgeMs, staleMs } = this.#settings;
    if (!isWithin(maxAgeMs, this.#fetchedAtMs, nowMs)) await this.#refresh(nowMs);
    if (!isWithin(staleMs, this.#fetchedAtMs, nowMs)) throw this.#unavailable();
    try {
      return await this.#choose(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    }
    await this.#refresh(nowMs);
    // Who can't ask does not know that there is no such key.
    return this.#choose(header, token).catch((error: unknown) => {
      throw error instanceof errors.JWKSNoMatchingKey && this.#failure ? this.#unavailable() : error;
    });
  }

  async #choose(header: JWTHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    if (this.#findKey === undefined) throw this.#unavailable();
    try {
      return await this.#findKey(header, token);
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys) throw cause;
      // A key that can't be read, or is a private one: the server's fault, not the token's.
      throw unavailable(cause);
    }
  }

  #refresh(nowMs: number): Promise<void> | undefined {
    const { cooldownMs, retryMs } = this.#settings;
    const pauseMs = this.#findKey === undefined ? retryMs : cooldownMs;
    if (this.#pending === undefined && !isWithin(pauseMs, this.#triedAtMs, nowMs)) {
      this.#triedAtMs = nowMs;
      this.#pending = this.#fetch(nowMs).finally(() => {
        this.#pending = undefined;
      });
    }
    return this.#pending;
  }

  /** Never rejects: a failure is kept for those who can't go on without an answer. */
  async #fetch(nowMs: number): Promise<void> {
    try {
      this.#findKey = await fetchKeys(this.#url, this.#settings);
      this.#fetchedAtMs = nowMs;
      this.#failure = undefined;
    } catch (cause) {
      this.#failure = { cause };
    }
  }

  #unavailable(): TidingsError {
    return unavailable(this.#failure?.cause);
  }
}

async function fetchKeys(url: URL, { timeoutMs, bodyBytes }: KeySetSettings): Promise<FindKey> {
  const response = await fetch(url, {
    headers: { accept: "application/jwk-set+json, application/json" },
    // Whom we trust is named by the address: no other server may answer in its place.
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`The key server at ${url.origin} answered with ${response.status}.`);
  }
  // jose looks whether it is a key set, and throws what is no more than a failure here.
  return createLocalJWKSet(JSON.parse(await readText(response, bodyBytes)));
}

async function readText(response: Response, limitBytes: number): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > limitBytes) throw new Error(`The key server sent more than ${limitBytes} bytes.`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Whether less than `lengthMs` has passed. Backwards it counts the same: tokens that are looked at together may come out of
 * order, and a clock that is set back must not make the keys last longer.
 */
function isWithin(lengthMs: number, sinceMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - sinceMs) < lengthMs;
}

function unavailable(cause: unknown): TidingsError {
  return new TidingsError("unavailable", "The key server can't be reached.", { cause });
}

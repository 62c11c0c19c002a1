import type { Handshake } from "./handshake.js";

/** Whoever is behind a connection. */
export interface Identity {
  readonly id: string;
}

/** The places where a request can carry a token. */
export type TokenPlace = "header" | "query";

/** The tokens of one request, taken out before anything else sees it. */
export interface OfferedTokens {
  /** From `Authorization: Bearer …`. */
  readonly header: string | undefined;
  /** From `?token=`, which must not be given twice. */
  readonly query: readonly string[];
}

/** Who it is, and until when. */
export interface Authenticated<User extends Identity> {
  readonly user: User;
  /** Milliseconds since 1970; undefined: for as long as the connection lives. */
  readonly expiresAtMs?: number | undefined;
}

export interface CredentialRequest {
  readonly request: Handshake;
  readonly tokens: OfferedTokens;
  /** Milliseconds since 1970, by the app's clock. */
  readonly nowMs: number;
}

/**
 * A way to tell who is behind a connection, asked before the handshake is accepted. Give it to an endpoint as `auth`.
 *
 * `authenticate` resolves with the user, or rejects with a `TidingsError` whose code is the refusal's:
 * `unauthorized`, `token_expired`, `forbidden`, `bad_request` or `unavailable`. Anything else it throws is `internal`.
 */
export interface Credential<User extends Identity = Identity> {
  readonly "~is": "credential";
  readonly places: readonly TokenPlace[];
  /** Asked once when the app starts. Throws a `ConfigError` with the fix where something is missing. */
  check(): void;
  authenticate(given: CredentialRequest): Promise<Authenticated<User>>;
}

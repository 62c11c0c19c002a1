import type { Eventually } from "../base/eventually.js";
import type { Handshake } from "./handshake.js";
import type { Identity } from "./identity.js";

/** Where a token may be. `message` is the first message of the connection, `auth` or `connect`. */
export type TokenPlace = "header" | "subprotocol" | "query" | "cookie" | "message";

/** Who it is, and until when. */
export interface Authenticated<User extends Identity = Identity> {
  readonly user: User;
  /** Milliseconds since 1970; undefined: for as long as the connection lives. */
  readonly expiresAtMs?: number | undefined;
  /**
   * Milliseconds since 1970: what was issued before `app.revoke({ user })` is refused after it. Undefined where the check
   * asks a store each time, which then knows better.
   */
  readonly issuedAtMs?: number | undefined;
  /**
   * When it was seen, where that was before `issuedAtMs`: its issuer's clock is fast, and it was issued until then, whatever
   * it says.
   */
  readonly seenAtMs?: number | undefined;
  /** What `app.revoke({ tokenId })` means: a JWT's `jti`, a session's id, a bearer's token. */
  readonly tokenId?: string | undefined;
}

/** What is known when a token is looked at. */
export interface TokenCheck {
  readonly token: string;
  readonly request: Handshake;
  /** Milliseconds since 1970, by the app's clock. */
  readonly nowMs: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Tells the log of what works and should not be left so. */
  warn?(warning: StartupWarning): void;
}

/**
 * Tells whose a token is.
 *
 * `verify` gives the user, at once where there is nothing to wait for, or throws or rejects with a `TidingsError` whose code is the refusal's: `unauthorized`,
 * `token_expired`, `forbidden`, `bad_request` or `unavailable`. Anything else it throws means that whom it asks is away:
 * it goes to `onError` and refuses with `unavailable`; a `NoIdentityError` goes there too, and refuses with `internal`.
 */
export interface TokenVerifier {
  /** Asked once when the app starts. Throws a `ConfigError` where something is missing; gives what is unsafe. */
  check(): readonly StartupWarning[];
  /** Does it look at the request? Where nothing else does either, none is kept for a refresh. Default: it does. */
  readonly looksAtRequest?: boolean | undefined;
  verify(given: TokenCheck): Eventually<Authenticated>;
}

/** App code gave somebody without an `id`: the mistake is ours, not of who shows the token, and nobody is away. */
export class NoIdentityError extends TypeError {
  override readonly name: string = "NoIdentityError";
}

/** Something that works and should not be left so. */
export interface StartupWarning {
  /** Stable and for programs, like `weak_secret`. */
  readonly code: string;
  /** A sentence: what is unsafe, and why. */
  readonly message: string;
  /** A sentence: what to change. */
  readonly fix: string;
}

/** One place to look for a token, and who tells whose it is. */
export interface CredentialWay {
  readonly place: TokenPlace;
  /** The cookie's name, where the place is a cookie. */
  readonly cookie?: string | undefined;
  /** How long a token that comes by message may take. Undefined: `limits.auth`. */
  readonly deadlineMs?: number | undefined;
  readonly verifier: TokenVerifier;
  /** The credential that was declared with it: in firstOf() another one than that it is part of. */
  readonly owner?: (() => CredentialDefinition) | undefined;
}

/** What the core reads of a credential: the first way whose token is there decides. */
export interface CredentialDefinition {
  readonly kind: "credential";
  readonly scope: "connection";
  readonly ways: readonly CredentialWay[];
}

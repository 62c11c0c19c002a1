import {
  type Authenticated,
  NoIdentityError,
  type StartupWarning,
  type TokenCheck,
  type TokenVerifier,
} from "../declare/credential.js";
import { type Identity, isIdentity } from "../declare/identity.js";
import { TidingsError, unauthorized } from "../protocol/tidings-error.js";

/** What app code that tells whose a token is can look at beside it. */
export type LookupGiven = Pick<TokenCheck, "request" | "signal">;

/** Whom app code found behind a token; `null` and `undefined` are nobody. */
export type Found<User> = User | null | undefined | Promise<User | null | undefined>;

/** Tells whose a token is. What it throws, but for a `TidingsError`, means that the store it asks is away. */
export type Lookup<User extends Identity> = (token: string, given: LookupGiven) => Found<User>;

/** When what somebody came in with expires, a number in milliseconds since 1970; undefined: not while they are connected. */
export type ExpiresAt<User> = (user: User) => Date | number | undefined;

/** The same for whoever `find` gives: that is a user of this kind. */
export function expiresAtOf<User extends Identity>(options: {
  readonly expiresAt?: ExpiresAt<User> | undefined;
}): ExpiresAt<Identity> | undefined {
  return options.expiresAt as ExpiresAt<Identity> | undefined;
}

/** Asks app code whose a token is, and until when. */
export class LookupVerifier implements TokenVerifier {
  readonly #name: string;
  readonly #find: Lookup<Identity>;
  readonly #expiresAt: ExpiresAt<Identity> | undefined;

  constructor(name: string, find: Lookup<Identity>, expiresAt: ExpiresAt<Identity> | undefined) {
    this.#name = name;
    this.#find = find;
    this.#expiresAt = expiresAt;
  }

  check(): readonly StartupWarning[] {
    return [];
  }

  async verify(asked: TokenCheck): Promise<Authenticated> {
    const user = await lookUp(this.#name, this.#find, asked);
    const expiresAt = this.#expiresAt?.(user);
    const expiresAtMs = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt;
    // A store forgets late: what it still knows may have expired.
    if (expiresAtMs !== undefined && !(expiresAtMs > asked.nowMs)) throw new TidingsError("token_expired");
    return { user, expiresAtMs, tokenId: asked.token };
  }
}

/**
 * The user app code finds. An empty token is nobody's, and not asked about.
 *
 * @throws {TidingsError} `unauthorized` where there is none.
 * @throws {NoIdentityError} for a user without an `id`: the mistake is ours, not of who shows the token.
 */
async function lookUp(name: string, find: Lookup<Identity>, asked: TokenCheck): Promise<Identity> {
  const { token, request, signal } = asked;
  const user: unknown = token === "" ? undefined : await find(token, { request, signal });
  if (user === undefined || user === null) throw unauthorized("The token is not valid.");
  if (isIdentity(user)) return user;
  throw new NoIdentityError(`${name} gave a user whose \`id\` is not a string with something in it.`);
}

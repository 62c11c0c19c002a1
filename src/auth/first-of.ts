import { ConfigError } from "../base/config-error.js";
import type { CredentialWay } from "../declare/credential.js";
import { credential, type Dependency, isDependency } from "../declare/dependency.js";
import type { Identity } from "../declare/identity.js";

/**
 * Several credentials as one: the first that is there decides, and a bad one is refused though a later one is good.
 *
 * @throws {ConfigError} `no_credential` without any, `not_a_credential` for what is none.
 */
export function firstOf<const Users extends readonly Identity[]>(
  ...auth: { readonly [Index in keyof Users]: Dependency<Users[Index], "connection"> }
): Dependency<Users[number], "connection"> {
  if (auth.length > 0) return credential<Users[number]>(auth.flatMap(waysOf));
  throw new ConfigError("no_credential", {
    message: "firstOf() has nothing to choose from.",
    fix: "Give it the credentials to try, like firstOf(session(…), jwt(…)).",
  });
}

function waysOf(given: unknown, index: number): readonly CredentialWay[] {
  const definition = isDependency(given) ? given["~definition"] : undefined;
  if (definition?.kind === "credential") return definition.ways;
  throw new ConfigError("not_a_credential", {
    message: `firstOf()'s argument ${index + 1} is ${definition ? "a dependency that reads no token" : "no credential"}.`,
    fix: "Give it what jwt(), session(), bearer() or firstOf() makes; what a user must fulfil beyond that is a dependency of its own.",
  });
}

import { ConfigError } from "../base/config-error.js";
import { describeGiven } from "../base/quantity.js";
import { type DependencyDefinition, isDependency } from "./dependency.js";

/**
 * What the `auth` of an endpoint, or of a group of them, is; undefined where it was left out.
 *
 * What is there and is no dependency must not let everybody in: it may be an import that was not loaded yet.
 *
 * @throws ConfigError `not_a_credential`
 */
export function authOf(where: string, given: { readonly auth?: unknown }): DependencyDefinition | undefined {
  if (!("auth" in given)) return undefined;
  if (isDependency(given.auth)) return given.auth["~definition"];
  throw new ConfigError("not_a_credential", {
    message: `${where}: \`auth\` is ${describeGiven(given.auth)}.`,
    fix:
      given.auth === undefined
        ? "Where everybody may enter, leave it out; where two files import each other, move it into a third."
        : "Give it what jwt(), session(), bearer(), firstOf() or dependency() makes.",
  });
}

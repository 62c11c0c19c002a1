import { ConfigError } from "../index.js";

/**
 * The claims of a token, as `--claims` has them.
 *
 * @throws {ConfigError} `invalid_claims`
 */
export function readClaims(json: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (json === undefined) return undefined;
  const claims = parse(json);
  if (typeof claims === "object" && claims !== null && !Array.isArray(claims)) return { ...claims };
  throw new ConfigError("invalid_claims", {
    message: "--claims is not a JSON object.",
    fix: 'Give it in single quotes, like --claims \'{"name":"Ana"}\'.',
  });
}

/** Undefined where it is no JSON. */
function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

import type { Params } from "../api/param.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { withoutOrigin } from "./asked.js";

/**
 * What a query gives under each name. What an operation wants as a number is one here.
 *
 * @throws TidingsError `bad_request` for a name that is there twice
 */
export function readQuery(params: Params, target: string): Readonly<Record<string, unknown>> {
  const given = new Map<string, unknown>();
  for (const [name, text] of new URLSearchParams(withoutOrigin(target).split("?").slice(1).join("?"))) {
    if (given.has(name)) {
      const message = "It is there twice.";
      throw new TidingsError("bad_request", `\`${name.slice(0, 64)}\`: ${message}`, {
        issues: [{ path: [name.slice(0, 64)], message }],
      });
    }
    const isNumber = Object.hasOwn(params, name) && params[name]?.schema.type === "integer";
    given.set(name, isNumber && /^\d{1,16}$/.test(text) ? Number(text) : text);
  }
  return Object.fromEntries(given);
}

import { forbidden } from "../../index.js";
import type { ChannelConfig, Rule } from "./config.js";
import type { Person } from "./people.js";
import type { Backend } from "./webhooks/backend.js";

/** What a rule looks at. */
export interface RuleGiven {
  readonly user?: Person | undefined;
  readonly params: Readonly<Record<string, string>>;
}

/** Does anything here go by who somebody is? Of a server that knows no users a webhook decides about anybody. */
export function goesByUser({ subscribe, publish, match = {}, presence }: ChannelConfig, hasUsers: boolean): boolean {
  const rules = [subscribe, publish];
  if (rules.includes("users") || Object.keys(match).length > 0 || Array.isArray(presence)) return true;
  return hasUsers && rules.includes("webhook");
}

/** Is each param that has to be a claim of the user just that, or one of those? */
export function fits(match: ChannelConfig["match"], { user, params }: RuleGiven): boolean {
  return Object.entries(match ?? {}).every(([param, claim]) => {
    const value = claimOf(user, claim);
    const values = Array.isArray(value) ? value : [value];
    return values.some((each) => textOf(each) === params[param] && params[param] !== undefined);
  });
}

/** Such as `org.id`. */
export function claimOf(user: Person | undefined, path: string): unknown {
  let value: unknown = user;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

/** A claim as it can stand in a name; undefined for what can't. */
export function textOf(claim: unknown): string | undefined {
  if (typeof claim === "string") return claim;
  return typeof claim === "number" && Number.isSafeInteger(claim) ? String(claim) : undefined;
}

export type Permission<Event> = false | true | ((given: RuleGiven, event: Event) => boolean | Promise<boolean>);

/**
 * A rule as a channel takes it.
 *
 * @param ask what the backend is asked, where it decides; it refuses by throwing
 */
export function permissionOf<Event>(
  rule: Rule | undefined,
  match: ChannelConfig["match"],
  ask: (given: RuleGiven, event: Event) => Promise<boolean>,
): Permission<Event> {
  switch (rule) {
    case undefined:
    case "nobody":
      return false;
    case "everybody":
      return match === undefined ? true : (given) => fits(match, given);
    case "users":
      return (given) => given.user !== undefined && fits(match, given);
    case "webhook":
      return (given, event) => (fits(match, given) ? ask(given, event) : false);
  }
}

/** What the backend says of it: yes, no, or why not. */
export async function askBackend(
  backend: Backend | undefined,
  hook: "subscribe" | "publish",
  about: object,
): Promise<boolean> {
  if (backend === undefined) throw forbidden();
  const { allow } = await backend.ask(hook, about);
  return allow === true;
}

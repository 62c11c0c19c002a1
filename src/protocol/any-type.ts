import { isMessageType, isReserved } from "./names.js";

/** Declared in a type's place it stands for every other type that there may be. */
export const ANY_TYPE = "*";

/** What is declared for a type: under its name, or for any. Undefined for what can't be a type, or is the protocol's. */
export function declaredFor<Declared>(
  declared: ReadonlyMap<string, Declared>,
  type: string,
  direction: "from-clients" | "from-servers",
): Declared | undefined {
  const named = declared.get(type);
  if (named !== undefined) return type === ANY_TYPE ? undefined : named;
  const forAny = declared.get(ANY_TYPE);
  return forAny === undefined || isReserved(type, direction) || !isMessageType(type) ? undefined : forAny;
}

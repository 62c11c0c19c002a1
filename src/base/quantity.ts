/**
 * Reads a number with its unit, like `"1.5kb"`, as a whole number of the smallest unit.
 *
 * `units` tells how many of the smallest unit each unit is. The number is plain decimal digits: no sign, exponent or
 * blank. A part of the smallest unit is rounded. Anything else, of any type, is `undefined`.
 */
export function parseQuantity(value: unknown, units: Readonly<Record<string, number>>): number | undefined {
  if (typeof value !== "string") return undefined;
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(value) ?? [];
  const size = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (amount === undefined || size === undefined) return undefined;
  const total = Math.round(Number(amount) * size);
  return Number.isFinite(total) ? total : undefined;
}

/** What was given, for an error message: short, and safe to show whatever it is. */
export function describeGiven(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "number" || typeof value === "boolean" || value === undefined) return String(value);
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}

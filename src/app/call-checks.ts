import type { Revoked } from "../declare/app.js";

/** @throws TypeError */
export function checkCount(name: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  throw new TypeError(`\`${name}\` is ${String(count)}: give a whole number of at least 1.`);
}

/** @throws TypeError */
export function checkRevoked(what: Revoked): void {
  const given: unknown = what;
  const [entry, ...others] = typeof given === "object" && given !== null ? Object.entries(given) : [];
  const isKnown = others.length === 0 && (entry?.[0] === "user" || entry?.[0] === "tokenId");
  if (isKnown && typeof entry?.[1] === "string" && entry[1] !== "") return;
  throw new TypeError("app.revoke() takes { user } or { tokenId }, a text that is not empty.");
}

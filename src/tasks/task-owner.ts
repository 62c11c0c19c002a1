import { createHash } from "node:crypto";
import { isParamValue } from "../protocol/names.js";

/**
 * What stands for a user in the name of their channel (PROTOCOL.md, What a server sends): their id, as long as it can. Else what
 * can't stand there is percent-encoded, and an id that is too long is there by its hash. No two users have the same.
 */
export function ownerOf(user: string): string {
  // Whoever takes it says what is wrong with it.
  if (typeof user !== "string" || user === "") return user;
  const name = DOTS.test(user) ? user.replaceAll(".", "%2E") : user.replace(UNFIT, encodeURIComponent);
  return isParamValue(name) ? name : `%sha256-${hash(user)}`;
}

/** A hash of its 16-bit units: half a surrogate pair has no other bytes. */
function hash(text: string): string {
  return createHash("sha256").update(text, "utf16le").digest("base64url");
}

const DOTS = /^\.{1,2}$/;
/** `%` is among them, or what is encoded could be somebody else's id. */
const UNFIT = /[%/\p{Cc}]/gu;

import { ANY_TYPE } from "../protocol/any-type.js";

/** What may be a key of `components`: letters, digits, `_`, `-` and `.`; what else there is becomes `_`, `*` is `any`. */
export function toKey(text: string): string {
  return text === ANY_TYPE ? "any" : text.replaceAll(/[^\w.-]/g, "_");
}

/** `/ws/rooms/:room` → `ws_rooms_room`, `$tasks/:user` → `tasks_user`, `/` → `root`. */
export function patternKey(pattern: string): string {
  const words = pattern.split("/").map((segment) => toKey(segment.replace(/^[:$]/, "")));
  return words.filter((word) => word !== "").join("_") || "root";
}

/** The first of the candidates that is free; where none is, the last with a number. */
export function freeKey(isTaken: (key: string) => boolean, candidates: readonly [string, ...string[]]): string {
  const free = candidates.find((candidate) => !isTaken(candidate));
  if (free !== undefined) return free;
  const last = candidates.at(-1) ?? candidates[0];
  let number = 2;
  while (isTaken(`${last}_${number}`)) number += 1;
  return `${last}_${number}`;
}

/** A step of a JSON Pointer (RFC 6901 §3), written as one may stand in a `$ref`. */
export function pointerStep(key: string): string {
  return encodeURI(key.replaceAll("~", "~0").replaceAll("/", "~1"));
}

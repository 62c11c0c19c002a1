import type { CredentialPlace } from "../../src/declare/asyncapi-document.js";

/** Where a credential may be, in words: `Token by query, header or first message · cookie sid`. */
export function credentialWords(credentials: readonly CredentialPlace[]): string {
  const places = credentials.filter(({ place }) => place !== "cookie").map(placeWords);
  const cookies = credentials.filter(({ place }) => place === "cookie").map(({ name }) => `cookie ${name}`);
  const words = [...(places.length === 0 ? [] : [`token by ${listed(places)}`]), ...cookies].join(" · ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** By its name where that is not what everybody would think of. */
function placeWords({ place, name }: CredentialPlace): string {
  if (place === "message") return "first message";
  return name === undefined || USUAL.includes(name.toLowerCase()) ? place : `${place} ${name}`;
}

const USUAL: readonly string[] = ["token", "authorization", "sec-websocket-protocol"];

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}

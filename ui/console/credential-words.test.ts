import { expect, test } from "vitest";
import type { CredentialPlace } from "../../src/declare/asyncapi-document.js";
import { credentialWords } from "./credential-words.js";

const header: CredentialPlace = { place: "header", name: "Authorization", scheme: "h" };
const message: CredentialPlace = { place: "message", scheme: "m" };
const query: CredentialPlace = { place: "query", name: "token", scheme: "q" };
const cookie: CredentialPlace = { place: "cookie", name: "sid", scheme: "c" };

test.each<[CredentialPlace[], string]>([
  [[], ""],
  [[header], "Token by header"],
  [[cookie], "Cookie sid"],
  [[query, header, message, cookie], "Token by query, header or first message · cookie sid"],
  [
    [
      { ...header, name: "X-Key" },
      { ...query, name: "key" },
    ],
    "Token by header X-Key or query key",
  ],
])("%j is told as one", (credentials, words) => {
  expect(credentialWords(credentials)).toBe(words);
});

import type { JsonSchema } from "../schema/json-schema.js";
import { textFor } from "./pattern-text.js";
import { lengthOf, regexOf, textFits } from "./schema-fit.js";

/** A text that fits, and reads as if somebody had meant it; undefined where none was found. */
export function exampleText(json: JsonSchema, patterns: readonly string[], name: string): string | undefined {
  const regexes = patterns.flatMap((pattern) => regexOf(pattern) ?? []);
  const isFit = (text: string) => textFits(text, json) && regexes.every((regex) => regex.test(text));
  const ofFormat = json.format === undefined ? undefined : FORMATS[json.format];
  if (ofFormat !== undefined && isFit(ofFormat)) return ofFormat;
  const ofPatterns = patterns.flatMap((pattern) => textFor(pattern) ?? []);
  const words = [wordFor(name), name, ...ofPatterns, ofPatterns.join(""), ...Object.values(FORMATS), ...FURTHER];
  return words.flatMap((word) => [word, sized(word, json)]).find(isFit);
}

/** What a text of this name may well be; the name itself where we can't tell. */
export function wordFor(name: string): string {
  const last = name.split(/[^A-Za-z]+|(?=[A-Z][a-z])/).findLast((word) => word !== "");
  const key = last?.toLowerCase() ?? "";
  return Object.hasOwn(WORDS, key) ? (WORDS[key] ?? name) : name;
}

/** As short or as long as it must be. */
function sized(word: string, { minLength = 0, maxLength = Infinity }: JsonSchema): string {
  if (minLength > MAX_LENGTH) return word;
  const filled =
    lengthOf(word) >= minLength ? word : `${word} `.repeat(Math.ceil(minLength / (lengthOf(word) + 1)) + 1);
  const length = lengthOf(word) >= minLength ? maxLength : minLength;
  return [...filled].slice(0, length).join("").replace(/ $/, ".");
}

const MAX_LENGTH = 1_000;

/** By `format`: of JSON Schema, and as zod and valibot call theirs. The names and addresses are those kept for examples (RFC 2606, RFC 5737). */
const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "2026-01-02T03:04:05.678Z",
  date: "2026-01-02",
  time: "03:04:05Z",
  duration: "PT5M",
  email: "alice@example.com",
  "idn-email": "alice@example.com",
  hostname: "example.com",
  "idn-hostname": "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  cidrv4: "192.0.2.0/24",
  cidrv6: "2001:db8::/32",
  uri: "https://example.com/",
  url: "https://example.com/",
  iri: "https://example.com/",
  "uri-reference": "/a",
  "iri-reference": "/a",
  uuid: "6f0d9c1e-7c7b-4b0e-9a53-2f1e6d8c4b7a",
  guid: "6f0d9c1e-7c7b-4b0e-9a53-2f1e6d8c4b7a",
  base64: "aGVsbG8=",
  base64url: "aGVsbG8",
  "json-pointer": "/a",
  "relative-json-pointer": "0/a",
  regex: "^a+$",
  cuid: "cjld2cjxh0000qzrmn831i7rn",
  cuid2: "tz4a98xxat96iws9zmbrgj3a",
  ulid: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  xid: "9m4e2mr0ui3e8a215n4g",
  ksuid: "0ujsswThIGTUYm2K8FjOOfXtY1K",
  nanoid: "V1StGXR8_Z5jdHi6B-myT",
  emoji: "👍",
  e164: "+15555550123",
  hex: "00ff",
};

const FURTHER: readonly string[] = [
  "03:04",
  "03:04:05",
  "2026-01-02T03:04:05",
  "a",
  "A",
  "1",
  "a1",
  "A1",
  "abc",
  "ABC",
  "123",
];

/** The last word of a name → what it may well be. */
const WORDS: Readonly<Record<string, string>> = {
  author: "alice",
  body: "Hello!",
  city: "Berlin",
  color: "#3366cc",
  colour: "#3366cc",
  comment: "Hello!",
  content: "Hello!",
  country: "DE",
  currency: "EUR",
  description: "A few words about it.",
  email: "alice@example.com",
  from: "alice",
  host: "example.com",
  lang: "en",
  language: "en",
  link: "https://example.com/",
  locale: "en",
  member: "alice",
  message: "Hello!",
  name: "Alice",
  nickname: "alice",
  owner: "alice",
  phone: "+15555550123",
  reason: "It was asked for.",
  room: "lobby",
  sender: "alice",
  symbol: "BTC",
  text: "Hello!",
  title: "A title",
  to: "bob",
  topic: "news",
  url: "https://example.com/",
  user: "alice",
  username: "alice",
};

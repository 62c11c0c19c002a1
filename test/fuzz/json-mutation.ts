import type { Soil } from "./mutation.js";

/** A JSON text changed as the tree that it is; undefined where it is none. */
export function mutateJson(text: string, { random, words, other }: Soil): string | undefined {
  const tree = parse(text);
  if (tree === undefined) return undefined;
  const places = [...placesIn(tree)];
  const donor = parse(other.toString());
  const given = donor === undefined ? [] : [...placesIn(donor)].map(({ value }) => value);
  const { path } = random.pick(places);
  const value = () => {
    const kind = random.below(4);
    if (kind === 0) return random.pick(words);
    if (kind === 1) return random.pick([...given, ...places.map((place) => place.value)]);
    return random.pick(VALUES);
  };
  // A name that is there already counts twice then, as a text: `JSON.stringify` would write it once.
  return write(tree, { path, change: random.pick(KINDS), value: value(), name: random.pick([...words, ...NAMES]) });
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type Path = readonly (string | number)[];

const KINDS = ["replace", "remove", "rename", "add", "wrap", "deepen", "lengthen", "twice"] as const;

interface Change {
  readonly path: Path;
  readonly change: (typeof KINDS)[number];
  readonly value: Json;
  readonly name: string;
}

const NAMES = ["__proto__", "constructor", "toString", "length", "hasOwnProperty", "then", "toJSON", "", "0"];
const VALUES: readonly Json[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  "",
  "a",
  " ",
  "\ud800",
  "💥",
  [],
  {},
];
const DEPTH = 500;
const MOST_DEPTH = 600;

function parse(text: string): Json | undefined {
  // Most texts are none, and to find that out by an error costs more than all else.
  if (!/^\s*[[{]/.test(text) || isDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A tree that is walked by calls must not be deeper than calls may be. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth -= 1;
    if (depth > MOST_DEPTH) return true;
  }
  return false;
}

function* placesIn(value: Json, path: Path = []): Generator<{ readonly path: Path; readonly value: Json }> {
  yield { path, value };
  if (path.length > 20 || typeof value !== "object" || value === null) return;
  for (const [name, each] of Object.entries(value)) {
    yield* placesIn(each, [...path, Array.isArray(value) ? Number(name) : name]);
  }
}

/** Written by hand, so that a name may come twice, and `__proto__` be one. */
function write(value: Json, change: Change, at: Path = []): string {
  const isHere = at.length === change.path.length && at.every((step, index) => step === change.path[index]);
  if (isHere) return writeChanged(value, change);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.flatMap((each, index) => item(each, change, [...at, index])).join(",")}]`;
  const members = Object.entries(value).flatMap(([name, each]) => member(name, each, change, [...at, name]));
  return `{${members.join(",")}}`;
}

function item(value: Json, change: Change, at: Path): string[] {
  if (change.change === "remove" && isAt(change, at)) return [];
  const written = write(value, change, at);
  return change.change === "twice" && isAt(change, at) ? [written, written] : [written];
}

function member(name: string, value: Json, change: Change, at: Path): string[] {
  const written = `${JSON.stringify(name)}:${write(value, change, at)}`;
  if (!isAt(change, at)) return [written];
  if (change.change === "remove") return [];
  if (change.change === "rename") return [`${JSON.stringify(change.name)}:${JSON.stringify(value)}`];
  if (change.change === "twice") return [written, `${JSON.stringify(name)}:${JSON.stringify(change.value)}`];
  return [written];
}

function isAt({ path }: Change, at: Path): boolean {
  return at.length === path.length && at.every((step, index) => step === path[index]);
}

function writeChanged(value: Json, { change, value: other, name }: Change): string {
  const written = JSON.stringify(value);
  switch (change) {
    case "replace":
      return JSON.stringify(other);
    case "add":
      if (typeof value !== "object" || value === null) return JSON.stringify({ [name]: other });
      if (Array.isArray(value)) return JSON.stringify([...value, other]);
      return `${written.slice(0, -1)}${written === "{}" ? "" : ","}${JSON.stringify(name)}:${JSON.stringify(other)}}`;
    case "wrap":
      return `[${written}]`;
    case "deepen":
      return `${'{"a":['.repeat(DEPTH)}${written}${"]}".repeat(DEPTH)}`;
    case "lengthen":
      return typeof value === "string" ? JSON.stringify(value.repeat(70)) : written;
    case "remove":
    case "rename":
    case "twice":
      return written;
  }
}

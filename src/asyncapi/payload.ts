import type { JsonSchema, SchemaSide } from "../schema/json-schema.js";
import type { Schema } from "../schema/standard.js";
import { validate } from "../schema/validate.js";
import type { Draft } from "./draft.js";
import { exampleOf } from "./example.js";
import { fits, type Resolve } from "./schema-fit.js";
import { isData } from "./schema-forms.js";

/** What a document says of a schema that the app gave. */
export interface Payload {
  readonly json: JsonSchema;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** The author's own, as far as they fit; otherwise one that was made. None where none could be. */
  readonly examples: readonly unknown[];
  /** May it be left out, which means `{}`? */
  readonly canBeEmpty: boolean;
}

/** Where a schema stands. */
export interface PayloadPlace {
  readonly side: SchemaSide;
  /** For what has to have a name in the document. */
  readonly key: string;
  /** For people, such as `/ws, receives.say`. */
  readonly where: string;
  /** Of the message. */
  readonly name: string;
}

export function readPayload(draft: Draft, schema: Schema, place: PayloadPlace): Payload {
  const { schemas } = draft;
  const known = schemas.read(schema, place.side, place.key, place.where);
  const json = known ?? { description: "Its validator gives no JSON Schema, so nothing can be said of it here." };
  const resolve: Resolve = (each) => schemas.resolve(each);
  const { title, description } = known === undefined ? {} : (resolve(json) ?? {});
  const takes = (value: unknown) => fits(value, json, resolve) && (place.side === "leaves" || isTaken(schema, value));
  return { json, title, description, examples: examplesOf(draft, schema, json, place, takes), canBeEmpty: takes({}) };
}

function examplesOf(
  draft: Draft,
  schema: Schema,
  json: JsonSchema,
  place: PayloadPlace,
  takes: (value: unknown) => boolean,
): readonly unknown[] {
  const resolve: Resolve = (each) => draft.schemas.resolve(each);
  const own = (resolve(json)?.examples ?? []).filter((example) => {
    const isFit = takes(example);
    draft.noteExample(schema, example, isFit, place.where);
    return isFit;
  });
  if (own.length > 0) return own;
  const saysNothing = Object.keys(resolve(json) ?? {}).every((keyword) => TELLING_NOTHING.has(keyword));
  // Of what leaves, and may be anything, an example would be a guess.
  if (saysNothing && place.side === "leaves") return [];
  const found = madeFor(json, place.name, resolve, takes);
  if (found !== undefined) return isData(found) ? [found] : [];
  // Where nothing is known of the schema, its author hears that already.
  if (!saysNothing) draft.noteMissingExample(place.where);
  return [];
}

/** The one that reads best of those that it takes. */
function madeFor(json: JsonSchema, name: string, resolve: Resolve, takes: (value: unknown) => boolean): unknown {
  for (const text of [undefined, ...TEXTS]) {
    const made = exampleOf(json, name, resolve, text);
    if (made !== undefined && takes(made.value)) return made.value;
  }
  return takes({}) ? {} : undefined;
}

/** Does it take it? A schema that has to wait, or throws, is believed to: what it waits for is no affair of a document. */
function isTaken(schema: Schema, value: unknown): boolean {
  try {
    const result = validate(schema, value);
    if (!(result instanceof Promise)) return "value" in result;
    result.catch(() => {});
  } catch {}
  return true;
}

/** Texts that are something else too: a schema may want to make that of them, and not say so. */
const TEXTS: readonly string[] = ["1", "true", "2026-01-02T03:04:05.678Z", "https://example.com/"];

const TELLING_NOTHING: ReadonlySet<string> = new Set(["title", "description", "examples", "default", "deprecated"]);

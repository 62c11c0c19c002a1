/** A JSON Schema, as a document holds it. What is not known of it is passed over. */
export type Schema = boolean | { readonly [keyword: string]: unknown };

/** Finds what a `$ref` names. */
export type Resolve = (reference: string) => Schema | undefined;

/** What a form shows for one value of a schema. */
export type Field = FieldWords &
  (
    | {
        readonly kind: "text";
        readonly format: string | undefined;
        readonly isLong: boolean;
        readonly maxLength: number | undefined;
      }
    | { readonly kind: "number"; readonly isInteger: boolean }
    | { readonly kind: "flag" }
    | { readonly kind: "choice"; readonly options: readonly unknown[] }
    | { readonly kind: "constant"; readonly value: unknown }
    | { readonly kind: "list"; readonly item: Field; readonly minItems: number }
    | { readonly kind: "group"; readonly members: readonly Member[] }
    /** It may be null as well. */
    | { readonly kind: "nullable"; readonly inner: Field }
    /** No form can show it: it is written as JSON, and `why` says why. `loop`: it is the reference that it stands within. */
    | { readonly kind: "json"; readonly why: string; readonly loop: string | undefined }
  );

interface FieldWords {
  readonly title: string | undefined;
  readonly description: string | undefined;
  /** What holds for it, in words: `1–500 characters`. */
  readonly rule: string | undefined;
  /** What it begins with, where the schema says so; else undefined, as JSON has none. */
  readonly initial: unknown;
}

export interface Member {
  readonly name: string;
  readonly field: Field;
  readonly isRequired: boolean;
}

/** The form of a schema. What has no form of its own is a `json` field: never an error, whatever the schema. */
export function fieldOf(schema: Schema, resolve: Resolve): Field {
  return fieldWithin(schema, resolve, []);
}

function fieldWithin(given: Schema, resolve: Resolve, within: readonly string[]): Field {
  if (given === true) return json({}, "Its schema does not say what may stand here.");
  if (given === false) return json({}, "Nothing can stand here.");
  const reference = given.$ref;
  if (typeof reference === "string") {
    if (within.includes(reference)) return json({}, ITSELF, reference);
    const target = resolve(reference);
    if (target === undefined) return json({}, `${reference} is not in the document.`);
    const { $ref: _, ...beside } = given;
    const whole = typeof target === "boolean" || Object.keys(beside).length === 0 ? target : { ...target, ...beside };
    const field = fieldWithin(whole, resolve, [...within, reference]);
    // Of a recursion all is shown as JSON: a form would end in the middle of it.
    return endsAt(field, reference) ? json(whole === true || whole === false ? given : whole, ITSELF) : field;
  }
  return ofKeywords(given, (inner) => fieldWithin(inner, resolve, within));
}

type Keywords = Readonly<Record<string, unknown>>;

function ofKeywords(schema: Keywords, read: (schema: Schema) => Field): Field {
  const words = wordsOf(schema);
  if ("const" in schema) return { ...words, kind: "constant", value: schema.const };
  if (Array.isArray(schema.enum)) return { ...words, kind: "choice", options: schema.enum };
  const variants = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(variants)) return ofVariants(schema, variants.filter(isSchema), read);
  if (Array.isArray(schema.allOf)) {
    const [only, ...more] = schema.allOf.filter(isSchema);
    if (only === undefined || more.length > 0 || "type" in schema)
      return json(schema, "It is several schemas at once.");
    return withWords(read(only), words);
  }
  const types = [schema.type].flat();
  const [type, ...others] = types.filter((each) => each !== "null");
  if (others.length > 0) return json(schema, "It may be of several types.");
  if (types.includes("null")) {
    if (type === undefined) return { ...words, kind: "constant", value: null };
    return { ...words, kind: "nullable", inner: ofType(String(type), { ...schema, type }, read) };
  }
  return type === undefined
    ? json(schema, "Its schema does not say what may stand here.")
    : ofType(String(type), schema, read);
}

function ofVariants(schema: Keywords, variants: readonly Schema[], read: (schema: Schema) => Field): Field {
  const words = wordsOf(schema);
  const fields = variants.map(read);
  const isNull = (field: Field) => field.kind === "constant" && field.value === null;
  const [first, ...more] = fields.filter((field) => !isNull(field));
  const isNullable = fields.some(isNull);
  if (first === undefined) return { ...words, kind: "constant", value: null };
  if (more.length > 0) {
    const options = [first, ...more].map(optionsOf);
    if (options.some((each) => each === undefined)) return json(schema, "It may have one of several shapes.");
    return {
      ...words,
      kind: "choice",
      options: [...options.flatMap((each) => each ?? []), ...(isNullable ? [null] : [])],
    };
  }
  if (!isNullable) return withWords(first, words);
  return { ...words, kind: "nullable", inner: first };
}

/** All that a field may be, where that is a list. */
function optionsOf(field: Field): readonly unknown[] | undefined {
  if (field.kind === "constant") return [field.value];
  return field.kind === "choice" ? field.options : undefined;
}

function ofType(type: string, schema: Keywords, read: (schema: Schema) => Field): Field {
  const words = wordsOf(schema);
  switch (type) {
    case "string": {
      const { format, maxLength } = schema;
      const longest = typeof maxLength === "number" ? maxLength : undefined;
      const isLong = format === undefined && (longest ?? 0) > 200;
      return {
        ...words,
        kind: "text",
        format: typeof format === "string" ? format : undefined,
        isLong,
        maxLength: longest,
      };
    }
    case "number":
    case "integer":
      return { ...words, kind: "number", isInteger: type === "integer" };
    case "boolean":
      return { ...words, kind: "flag" };
    case "array":
      return ofArray(schema, read);
    case "object":
      return ofObject(schema, read);
    default:
      return json(schema, `Its type is ${JSON.stringify(type)}.`);
  }
}

function ofArray(schema: Keywords, read: (schema: Schema) => Field): Field {
  const { items, prefixItems, minItems } = schema;
  if (Array.isArray(items) || prefixItems !== undefined)
    return json(schema, "Each of its places has a schema of its own.");
  if (!isSchema(items)) return json(schema, "Its items may be anything.");
  const least = typeof minItems === "number" ? minItems : 0;
  return { ...wordsOf(schema), kind: "list", item: read(items), minItems: least };
}

function ofObject(schema: Keywords, read: (schema: Schema) => Field): Field {
  const { properties, additionalProperties, patternProperties, required } = schema;
  const hasOwnNames = isRecord(additionalProperties) && Object.keys(additionalProperties).length > 0;
  if (hasOwnNames || patternProperties !== undefined || !isRecord(properties))
    return json(schema, "Its fields have names of your own.");
  const needed = Array.isArray(required) ? required : [];
  const members = Object.entries(properties).map(([name, value]) => ({
    name,
    field: read(isSchema(value) ? value : true),
    isRequired: needed.includes(name),
  }));
  return { ...wordsOf(schema), kind: "group", members };
}

/** Would the form of what this refers to have no end? */
function endsAt(field: Field, reference: string): boolean {
  switch (field.kind) {
    case "json":
      return field.loop === reference;
    case "list":
      return endsAt(field.item, reference);
    case "nullable":
      return endsAt(field.inner, reference);
    case "group":
      return field.members.some((member) => endsAt(member.field, reference));
    case "text":
    case "number":
    case "flag":
    case "choice":
    case "constant":
      return false;
  }
}

const ITSELF = "It holds itself again.";

function json(schema: Keywords, why: string, loop?: string): Field {
  return { ...wordsOf(schema), kind: "json", why, loop };
}

function withWords(field: Field, { title, description, initial }: FieldWords): Field {
  return {
    ...field,
    title: title ?? field.title,
    description: description ?? field.description,
    initial: initial ?? field.initial,
  };
}

function wordsOf(schema: Keywords): FieldWords {
  const { title, description, examples } = schema;
  return {
    title: typeof title === "string" ? title : undefined,
    description: typeof description === "string" ? description : undefined,
    rule: ruleOf(schema),
    initial: schema.default ?? (Array.isArray(examples) ? examples[0] : undefined),
  };
}

function ruleOf(schema: Keywords): string | undefined {
  const rules = [
    range(schema.minLength, schema.maxLength, "characters"),
    range(schema.minItems, schema.maxItems, "items"),
    // What a schema says of any whole number that a program can hold is not worth saying.
    range(orNone(schema.minimum), orNone(schema.maximum)),
    typeof schema.exclusiveMinimum === "number" ? `more than ${schema.exclusiveMinimum}` : undefined,
    typeof schema.exclusiveMaximum === "number" ? `less than ${schema.exclusiveMaximum}` : undefined,
    typeof schema.multipleOf === "number" ? `a multiple of ${schema.multipleOf}` : undefined,
    typeof schema.format === "string" ? schema.format : undefined,
    typeof schema.pattern === "string" && schema.format === undefined ? `like /${schema.pattern}/` : undefined,
  ].filter((rule) => rule !== undefined);
  return rules.length === 0 ? undefined : rules.join(", ");
}

function range(least: unknown, most: unknown, noun = ""): string | undefined {
  const words = (text: string) => `${text} ${noun}`.trim();
  if (typeof least === "number" && typeof most === "number")
    return words(least === most ? `${least}` : `${least}–${most}`);
  if (typeof least === "number") return words(`at least ${least}`);
  return typeof most === "number" ? words(`at most ${most}`) : undefined;
}

function orNone(bound: unknown): unknown {
  return typeof bound === "number" && Math.abs(bound) >= Number.MAX_SAFE_INTEGER ? undefined : bound;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "boolean" || isRecord(value);
}

function isRecord(value: unknown): value is Keywords {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import type { Schema } from "../../index.js";
import type { Issue } from "../../protocol/index.js";
import type { EventSchema } from "./config.js";
import { type ErrorObject, loadSchemaCompiler, type SchemaCompiler } from "./schema-compiler.js";

/** A JSON Schema as Standard Schema has it, with the converter by which the document shows it. */
interface StandardJsonSchema extends Schema {
  readonly "~standard": Schema["~standard"] & {
    readonly jsonSchema: { readonly input: () => unknown; readonly output: () => unknown };
  };
}

/** Makes schemas of what a configuration says of events, messages and claims. */
export class EventSchemas {
  readonly #compiler: SchemaCompiler | undefined;

  private constructor(compiler: SchemaCompiler | undefined) {
    this.#compiler = compiler;
  }

  /** The validator is loaded where there is something for it to do. */
  static async load(schemas: Iterable<EventSchema>): Promise<EventSchemas> {
    const isNeeded = [...schemas].some((schema) => typeof schema === "object");
    return new EventSchemas(isNeeded ? await loadSchemaCompiler() : undefined);
  }

  /**
   * @param where whose it is, for the error
   * @throws {ConfigError} `invalid_schema`
   */
  make(where: string, schema: EventSchema): Schema {
    if (schema === true) return standard(schema, () => undefined);
    if (schema === false || this.#compiler === undefined) return standard(false, () => [NOTHING_FITS]);
    const check = this.#compiler.compile(where, schema);
    return standard(schema, (value) =>
      check(value) ? undefined : (check.errors ?? []).map((error) => issueOf(error, value)),
    );
  }
}

const NOTHING_FITS: Issue = { path: [], message: "is not taken here" };

function standard(schema: EventSchema, issuesOf: (value: unknown) => readonly Issue[] | undefined): StandardJsonSchema {
  const convert = () => (schema === true ? {} : schema === false ? { not: {} } : schema);
  return {
    "~standard": {
      version: 1,
      vendor: "json-schema",
      validate: (value) => {
        const issues = issuesOf(value);
        return issues === undefined ? { value } : { issues };
      },
      jsonSchema: { input: convert, output: convert },
    },
  };
}

function issueOf({ instancePath, message = "does not fit", keyword, params }: ErrorObject, value: unknown): Issue {
  const path = withIndexes(pathOf(instancePath), value);
  if (keyword === "additionalProperties")
    return { path: [...path, String(params.additionalProperty)], message: "is not known here" };
  if (keyword === "required") return { path: [...path, String(params.missingProperty)], message: "is missing" };
  return { path, message };
}

/** Where a list is, a key is an index. */
function withIndexes(keys: readonly string[], value: unknown): (string | number)[] {
  let at = value;
  return keys.map((key) => {
    const name = Array.isArray(at) ? Number(key) : key;
    at = Reflect.get(Object(at), key);
    return name;
  });
}

/** The keys of a JSON Pointer (RFC 6901). */
export function pathOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

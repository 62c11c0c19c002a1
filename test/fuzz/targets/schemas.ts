import { ConfigError } from "../../../src/base/config-error.js";
import type { EventSchema } from "../../../src/cli/serve/config.js";
import { EventSchemas } from "../../../src/cli/serve/event-schemas.js";
import { hold, type Opened, type Target } from "../target.js";

export const schemas: Target = {
  about: "a JSON Schema of a configuration in the first line, and payloads that it is asked about in the others",
  words: [
    ..."type properties required additionalProperties items enum const minLength maxLength minimum maximum".split(" "),
    ..."object array string integer number boolean null anyOf allOf oneOf not if then else $ref $defs $id".split(" "),
    ..."format email date-time uuid uri uniqueItems prefixItems dependentRequired $schema title default a b".split(" "),
    ...["#/$defs/a", "#", "http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"],
  ],
  batch: 32,
  open,
};

async function open(): Promise<Opened> {
  return {
    async read(input) {
      const [schema, ...values] = input.toString().split("\n").slice(0, MOST_LINES).map(parse);
      if (schema === undefined || !isSchema(schema) || isDeep(schema)) return;
      // Each is another program: one compiler for all would remember every schema there ever was.
      const made = await make(schema);
      for (const value of values) {
        const before = JSON.stringify(value);
        const { issues } = (await made?.["~standard"].validate(value)) ?? {};
        for (const { path = [], message } of issues ?? []) {
          hold(message !== "" && path.length < 1_000, "an issue says what is wrong, and where", { path, message });
        }
        hold(JSON.stringify(value) === before, "a payload is looked at, and stays as it was", before);
      }
    },
  };
}

const MOST_LINES = 8;

async function make(schema: EventSchema) {
  try {
    return (await EventSchemas.load([schema])).make("it", schema);
  } catch (error) {
    if (error instanceof ConfigError && error.code === "invalid_schema") return undefined;
    throw error;
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/**
 * The time that ajv takes for a `$ref` doubles with each list within lists that it leads to. Schemas are the operator's, who need not
 * be kept from making a start slow; here each would take all the time there is.
 */
function isDeep(value: unknown, left: number = MOST_LISTS): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left < 0 || Object.values(value).some((each) => isDeep(each, Array.isArray(value) ? left - 1 : left));
}

const MOST_LISTS = 8;

/** What the configuration's own schema lets stand there. */
function isSchema(value: unknown): value is EventSchema {
  return typeof value === "boolean" || (typeof value === "object" && value !== null && !Array.isArray(value));
}

import type { Ajv, ErrorObject, ValidateFunction } from "ajv";
import { ConfigError } from "../../index.js";
import type { JsonSchema } from "./json-schema.js";

export type { ErrorObject, ValidateFunction };

/** Makes a check of a JSON Schema. */
export interface SchemaCompiler {
  /** @throws {ConfigError} `invalid_schema` for one that can't be, with a misspelt keyword, or with a `$ref` to elsewhere */
  compile(where: string, schema: JsonSchema | boolean): ValidateFunction;
}

/**
 * JSON Schema of draft 2020-12, and of draft 07 where a schema says so. Nothing is ever fetched: what a `$ref` names must be
 * in the schema itself. It takes a tenth of a second to load, which is only for who needs it.
 */
export async function loadSchemaCompiler({
  allErrors = false,
}: {
  readonly allErrors?: boolean;
} = {}): Promise<SchemaCompiler> {
  const [draft07, draft2020, formats] = await Promise.all([
    import("ajv"),
    import("ajv/dist/2020.js"),
    import("ajv-formats"),
  ]);
  const options = {
    allErrors,
    verbose: allErrors,
    strictTypes: false,
    strictRequired: false,
    allowUnionTypes: true,
    logger: false,
  } as const;
  const compilers = new Map<string, Ajv>();
  const compilerFor = ({ $schema }: { readonly $schema?: unknown }): Ajv => {
    const isOld = typeof $schema === "string" && $schema.includes("draft-07");
    const name = isOld ? "07" : "2020";
    const known = compilers.get(name);
    if (known !== undefined) return known;
    const made = isOld ? new draft07.Ajv(options) : new draft2020.Ajv2020(options);
    // It is CommonJS: its function is the default of what it exports.
    (formats.default as unknown as (ajv: Ajv) => void)(made);
    compilers.set(name, made);
    return made;
  };
  return {
    compile(where, schema) {
      try {
        const compiler = compilerFor(typeof schema === "boolean" ? {} : schema);
        // Two that bear the same `$id` are two all the same.
        const check = compiler.compile(schema);
        if (typeof schema === "object" && typeof schema.$id === "string") compiler.removeSchema(schema.$id);
        return check;
      } catch (cause) {
        throw new ConfigError("invalid_schema", {
          message: `${where} is no JSON Schema that can be used: ${cause instanceof Error ? cause.message : String(cause)}.`,
          fix: "Write it in draft 2020-12 (or 07, with its `$schema`); what a `$ref` names must be in it.",
          cause,
        });
      }
    },
  };
}

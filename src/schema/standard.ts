import type { StandardSchemaV1 } from "@standard-schema/spec";

/** Any validator that speaks Standard Schema: zod, valibot, arktype and others. */
export type Schema<In = unknown, Out = In> = StandardSchemaV1<In, Out>;

/** Message name → schema. */
export type Schemas = Readonly<Record<string, Schema>>;

/** What is given to a schema, before its validation. */
// Inferred, not looked up with the spec's InferInput: with arktype that is "excessively deep" in a generic position.
export type Input<S> = S extends { readonly "~standard": { readonly types?: { readonly input: infer In } | undefined } }
  ? In
  : never;
/** What a schema makes of it. */
export type Output<S> = S extends {
  readonly "~standard": { readonly types?: { readonly output: infer Out } | undefined };
}
  ? Out
  : never;

/** Does it speak Standard Schema? Some validators' schemas are functions. */
export function isSchema(value: unknown): value is Schema {
  return ((typeof value === "object" && value !== null) || typeof value === "function") && "~standard" in value;
}

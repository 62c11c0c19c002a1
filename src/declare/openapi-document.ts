import type { JsonSchema } from "../schema/json-schema.js";

/** An OpenAPI 3.1 document, as far as ours go. Its schemas are of draft 2020-12. */
export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  /** Where the document itself is. */
  readonly servers: readonly { readonly url: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, { readonly [Method in "get" | "post"]?: OpenApiOperation }>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, OpenApiResponse>>;
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly OpenApiParameter[] | undefined;
  readonly requestBody?:
    | { readonly required: true; readonly content: { readonly "application/json": { readonly schema: JsonSchema } } }
    | undefined;
  /** By status. */
  readonly responses: Readonly<Record<string, OpenApiResponse | { readonly $ref: string }>>;
}

export interface OpenApiParameter {
  readonly name: string;
  readonly in: "query" | "header";
  readonly required: boolean;
  readonly description?: string | undefined;
  readonly schema: JsonSchema;
}

export interface OpenApiResponse {
  readonly description: string;
  readonly headers?:
    | Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>
    | undefined;
  /** By media type. */
  readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

import type { Operation } from "../api/operation.js";
import { problemSchema } from "../api/problem-schema.js";
import { Draft } from "../asyncapi/draft.js";
import type { ChannelDefinition } from "../declare/channel.js";
import type { AppInfo } from "../declare/http-options.js";
import type {
  OpenApiDocument,
  OpenApiOperation,
  OpenApiParameter,
  OpenApiResponse,
} from "../declare/openapi-document.js";
import type { JsonSchema } from "../schema/json-schema.js";
import { apiRoutes } from "./api-routes.js";
import { publishSchema } from "./openapi-publish.js";
import { toOpenApiSchema } from "./openapi-schema.js";

export interface OpenApiGiven {
  readonly info: AppInfo | undefined;
  /** Those that endpoints list. */
  readonly channels: Iterable<ChannelDefinition>;
}

/** Writes the OpenAPI document of an app's HTTP API: of its operations, and of the channels that can be published to. */
export function describeApi({ info = {}, channels }: OpenApiGiven): OpenApiDocument {
  const draft = new Draft();
  const publish = publishSchema(draft, [...channels]);
  const paths = [...apiRoutes].map(([path, operation]) => [
    path,
    { [operation.isRead ? "get" : "post"]: describeOperation(operation) },
  ]);
  const { title = "WebSocket API", version = "0.0.0", description } = info;
  const words = `What other programs may ask of it over HTTP.${description === undefined ? "" : `\n\n${description}`}`;
  const named = draft.schemas.reachedFrom(publish);
  const schemas: Readonly<Record<string, JsonSchema>> = { ...named, Publish: publish, Problem: problemSchema };
  const document: OpenApiDocument = {
    openapi: "3.1.0",
    info: { title, version, description: words },
    servers: [{ url: "." }],
    security: [{ bearer: [] }, { apiKey: [] }],
    tags: TAGS,
    paths: Object.fromEntries(paths),
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).map(([name, each]) => [name, toOpenApiSchema(each)])),
      responses: Object.fromEntries(PROBLEMS.map(({ name, response }) => [name, response])),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
      },
    },
  };
  // As JSON has it: without what is undefined.
  return JSON.parse(JSON.stringify(document)) as OpenApiDocument;
}

const TAGS: OpenApiDocument["tags"] = [
  { name: "channels", description: "What is said, who is there, and what was said." },
  { name: "tasks", description: "Of users, wherever they run." },
  { name: "connections", description: "Who is connected, and who is to be no more." },
];

function describeOperation(operation: Operation): OpenApiOperation {
  const { name, summary, description, isRead, result } = operation;
  const statuses = isRead ? ANY_PROBLEM : [...ANY_PROBLEM, ...BODY_PROBLEMS];
  const problems = PROBLEMS.filter(({ status }) => statuses.includes(status));
  const refs = problems.map(({ status, name: key }) => [status, { $ref: `#/components/responses/${key}` }]);
  return {
    operationId: name,
    tags: [tagOf(operation)],
    summary,
    description,
    ...(isRead ? { parameters: queryOf(operation) } : bodyOf(operation)),
    responses: {
      "200": { description: "It is done.", content: { "application/json": { schema: inDocument(result) } } },
      ...Object.fromEntries(refs),
    },
  };
}

function tagOf({ name }: Operation): string {
  if (name.includes("task")) return "tasks";
  return ["publish", "publish_batch", "presence", "history", "channels"].includes(name) ? "channels" : "connections";
}

function queryOf({ params }: Operation): readonly OpenApiParameter[] {
  return Object.entries(params).map(([name, { schema, isOptional }]) => {
    const { description, ...rest } = schema;
    return { name, in: "query", required: !isOptional, description, schema: toOpenApiSchema(rest) };
  });
}

function bodyOf(operation: Operation): Pick<OpenApiOperation, "requestBody" | "parameters"> {
  const requestBody = { required: true, content: { "application/json": { schema: bodySchema(operation) } } } as const;
  return { ...(operation.name === "publish" && { parameters: [IDEMPOTENCY_KEY] }), requestBody };
}

function bodySchema({ name, params }: Operation): JsonSchema {
  if (name === "publish") return PUBLISH;
  const all = Object.entries(params);
  const properties = all.map(([key, { schema }]) => [key, key === "items" ? { ...schema, items: PUBLISH } : schema]);
  return toOpenApiSchema({
    type: "object",
    required: all.flatMap(([key, { isOptional }]) => (isOptional ? [] : [key])),
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  });
}

const PUBLISH: JsonSchema = { $ref: "#/components/schemas/Publish" };

const IDEMPOTENCY_KEY: OpenApiParameter = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "In the place of the body's `key`.",
  schema: { type: "string", minLength: 1, maxLength: 64 },
};

/** The one schema of all that goes wrong stands there once. */
function inDocument(result: JsonSchema): JsonSchema {
  const text = JSON.stringify(toOpenApiSchema(result));
  return JSON.parse(text.replaceAll(JSON.stringify(problemSchema), '{"$ref":"#/components/schemas/Problem"}'));
}

interface DescribedProblem {
  readonly status: string;
  /** Its key in the document. */
  readonly name: string;
  readonly response: OpenApiResponse;
}

const PROBLEMS: readonly DescribedProblem[] = [
  problem(
    "400",
    "BadRequest",
    "What was asked does not fit: `bad_request`, `invalid_json`, `invalid_payload`, `unknown_type`.",
  ),
  problem("401", "Unauthorized", "No key was shown, or one that is not known: `unauthorized`.", {
    "WWW-Authenticate": "Names the scheme.",
  }),
  problem("403", "Forbidden", "The key may not ask for this: `forbidden`."),
  problem("404", "NotFound", "There is nothing of this name here: `not_found`."),
  problem("405", "MethodNotAllowed", "It is asked otherwise: `method_not_allowed`.", { Allow: "How." }),
  problem("408", "BodyTimeout", "The body was too slow: `body_timeout`."),
  problem("413", "BodyTooBig", "The body is too big: `body_too_big`."),
  problem("415", "UnsupportedMediaType", "The body is not JSON: `unsupported_media_type`."),
  problem("429", "RateLimited", "As much is asked at once as may be: `rate_limited`.", retryAfter()),
  problem("500", "Internal", "Something went wrong on the server: `internal`."),
  problem("503", "Unavailable", "The broker is away, or the server closes: `unavailable`.", retryAfter()),
];

const ANY_PROBLEM: readonly string[] = ["400", "401", "403", "404", "405", "429", "500", "503"];
const BODY_PROBLEMS: readonly string[] = ["408", "413", "415"];

function retryAfter(): Readonly<Record<string, string>> {
  return { "Retry-After": "In seconds." };
}

function problem(
  status: string,
  name: string,
  description: string,
  headers?: Readonly<Record<string, string>> | undefined,
): DescribedProblem {
  const described = Object.entries(headers ?? {}).map(([header, words]) => [
    header,
    { description: words, schema: { type: "string" } },
  ]);
  const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  const response = { description, ...(headers && { headers: Object.fromEntries(described) }), content };
  return { status, name, response };
}

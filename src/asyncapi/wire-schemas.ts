import { errorCodes } from "../protocol/error-codes.js";
import { defaultLimits } from "../protocol/limits.js";
import type { JsonSchema } from "../schema/json-schema.js";
import { MESSAGE_ID_KEY } from "./said.js";
import type { SchemaBook } from "./schema-book.js";

/** What messages of several kinds have in them, as a document refers to it (PROTOCOL.md). */
export interface WireSchemas {
  readonly error: JsonSchema;
  readonly position: JsonSchema;
  readonly member: JsonSchema;
  readonly task: JsonSchema;
}

/** Takes them into a document. */
export function addWireSchemas(schemas: SchemaBook): WireSchemas {
  schemas.add(MESSAGE_ID_KEY, MESSAGE_ID);
  return {
    error: schemas.add("Error", ERROR),
    position: schemas.add("Position", POSITION),
    member: schemas.add("Member", MEMBER),
    task: schemas.add("TaskNews", TASK),
  };
}

const MESSAGE_ID: JsonSchema = {
  description: 'What a client puts on a message to know the answer by. `7` and `"7"` differ.',
  oneOf: [
    { type: "string", minLength: 1, maxLength: defaultLimits.id },
    { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
  ],
};

const ERROR: JsonSchema = {
  type: "object",
  required: ["code", "message"],
  properties: {
    code: {
      description: "For programs: one of the protocol's, or an app's own.",
      anyOf: [
        ...Object.entries(errorCodes).map(([code, { meaning }]) => ({ const: code, description: meaning })),
        { type: "string", pattern: "^[a-z][a-z0-9_]{0,63}$", description: "The app's own." },
      ],
    },
    message: { type: "string", description: "For people." },
    type: { type: "string", description: "Of the message that failed." },
    issues: {
      type: "array",
      maxItems: defaultLimits.issues,
      description: "Where the payload does not fit, with `invalid_payload`.",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: {
          path: { type: "array", items: { type: ["string", "integer"] }, description: "From the payload inwards." },
          message: { type: "string" },
        },
      },
    },
    retryAfterMs: {
      type: "integer",
      minimum: 0,
      description: "When it may do, with `rate_limited` and `unavailable`.",
    },
  },
};

const POSITION: JsonSchema = {
  type: "object",
  description: "A place in a channel's history: that of the last event that was heard.",
  required: ["epoch", "offset"],
  properties: {
    epoch: { type: "string", minLength: 1, maxLength: 32, description: "One unbroken life of the history." },
    offset: { type: "integer", minimum: 0 },
  },
};

const MEMBER: JsonSchema = {
  type: "object",
  description: "Who is here: a user's devices are one. What else it shows is the channel's affair.",
  required: ["id"],
  properties: { id: { type: "string" } },
};

const TASK: JsonSchema = {
  type: "object",
  description: "All that is known of a task.",
  required: ["task", "progress", "timestamp"],
  properties: {
    task: { type: "string", minLength: 1, maxLength: 64 },
    name: { type: "string" },
    progress: { type: "number", minimum: 0, maximum: 100 },
    message: { type: "string", description: "What it is at." },
    timestamp: { type: "string", format: "date-time", description: "When it was said." },
    result: { description: "What it gave, where it is completed." },
    error: {
      type: "object",
      description: "Why it failed, where it did.",
      required: ["code", "message"],
      properties: { code: { type: "string" }, message: { type: "string" } },
    },
  },
};

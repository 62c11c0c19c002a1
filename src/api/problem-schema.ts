import type { JsonSchema } from "../schema/json-schema.js";

/** What `problemOf` gives. */
export const problemSchema: JsonSchema = {
  title: "Problem",
  description: "Why something was not done (RFC 9457).",
  type: "object",
  required: ["type", "title", "status", "detail", "code"],
  properties: {
    type: { const: "about:blank" },
    title: { type: "string", description: "What the status means." },
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: { type: "string", description: "For people." },
    code: { type: "string", pattern: "^[a-z][a-z0-9_]{0,63}$", description: "For programs." },
    issues: {
      type: "array",
      description: "What does not fit, and where.",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: {
          path: { type: "array", items: { type: ["string", "integer"] } },
          message: { type: "string" },
        },
      },
    },
    retryAfterMs: { type: "number", minimum: 0, description: "How long to wait before it is worth trying again." },
  },
  additionalProperties: false,
};

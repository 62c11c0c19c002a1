import { ConfigError } from "../base/config-error.js";
import type { ChannelDefinition } from "../declare/channel.js";
import type { EndpointDefinition } from "../declare/endpoint.js";
import { findJsonMisfit, type JsonDirection } from "../schema/json-fit.js";
import type { Schema } from "../schema/standard.js";

/**
 * Is there a schema that nothing which went through JSON can fit?
 *
 * @throws ConfigError `not_json`, with the way to the part and the fix
 */
export function checkJson(endpoint: EndpointDefinition): void {
  const { speaks, pattern } = endpoint;
  if (speaks.kind === "frames") return;
  for (const [type, { schema, reply }] of speaks.receives) {
    check(schema, "arrives", `${pattern.source}, receives.${type}`);
    if (reply !== undefined) check(reply, "leaves", `${pattern.source}, replies.${type}`);
  }
  for (const [type, schema] of speaks.sends) check(schema, "leaves", `${pattern.source}, sends.${type}`);
  for (const channel of speaks.channels) checkChannel(channel);
}

function checkChannel({ pattern, events, allow }: ChannelDefinition): void {
  for (const [type, schema] of events) {
    const where = `channel "${pattern.source}", events.${type}`;
    check(schema, "leaves", where);
    if (allow.publish !== false) check(schema, "arrives", where);
  }
}

function check(schema: Schema, direction: JsonDirection, where: string): void {
  const misfit = findJsonMisfit(schema, direction);
  if (misfit === undefined) return;
  const path = misfit.path.map((segment) => `.${segment}`).join("");
  throw new ConfigError("not_json", {
    message: `${where}${path}: ${misfit.what} can't ${direction === "arrives" ? "arrive" : "be sent"} as JSON.`,
    fix: misfit.fix,
  });
}

import type { ApiOperation } from "../declare/api-options.js";
import type { Limits } from "../protocol/limits.js";
import { isMessageId } from "../protocol/names.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Api } from "./api.js";
import { isOperation, operations } from "./operations.js";
import { optional, readParams, required, text } from "./param.js";
import type { Problem } from "./problem.js";

/** The answer to a request that came as text, and where it goes. */
export interface TextAnswer {
  readonly replyTo: string | undefined;
  readonly json: string;
  /** Why it was not done; undefined: it was. */
  readonly problem: string | undefined;
}

/**
 * Does what a text asks for: `{ "id", "operation", "params", "replyTo" }`. Never rejects.
 *
 * @param tries how many processes have tried, this one included
 */
export async function answerText(
  api: Api,
  given: string,
  tries: number,
  limits: Pick<Limits, "apiBody">,
): Promise<TextAnswer> {
  let asked: unknown;
  let name: ApiOperation | undefined;
  try {
    asked = parse(given, limits.apiBody);
    const { operation, params = {} } = readParams(ENVELOPE, asked);
    if (!isOperation(operation)) throw unknownOperation(operation);
    name = operation;
    if (tries > MOST_TRIES) throw new TidingsError("internal", `${tries - 1} processes have ended while they did it.`);
    const outcome = await api.run(operation, params);
    return "result" in outcome
      ? told(asked, { result: outcome.result }, undefined)
      : toldProblem(asked, outcome.problem);
  } catch (error) {
    return toldProblem(asked, api.refuse(error, name));
  }
}

const ENVELOPE = {
  id: optional(
    required<string | number>("a text of 1 to 64 characters, or a whole number", { type: ["string", "integer"] }),
  ),
  operation: text("What is asked.", 64),
  params: optional(required<object>("an object", { type: "object" })),
  replyTo: optional(
    required<string>("1 to 128 letters, digits and _ . : -", { type: "string", pattern: "^[A-Za-z0-9_.:-]{1,128}$" }),
  ),
};

/** What ends those that try it would end all of them. */
const MOST_TRIES = 3;

function parse(given: string, limit: number): unknown {
  if (Buffer.byteLength(given) > limit) {
    throw new TidingsError("body_too_big", `The request is larger than ${limit} bytes (limits.apiBody).`);
  }
  try {
    return JSON.parse(given);
  } catch (cause) {
    throw new TidingsError("invalid_json", "The request is no JSON.", { cause });
  }
}

function toldProblem(asked: unknown, problem: Problem): TextAnswer {
  return told(asked, { error: problem }, `${problem.code}: ${problem.detail}`);
}

/** As far as it could be read: what is wrong with the rest is told to who has said where. */
function told(asked: unknown, what: object, problem: string | undefined): TextAnswer {
  const { id, replyTo } = Object(asked) as { readonly id?: unknown; readonly replyTo?: unknown };
  const to = typeof replyTo === "string" && /^[A-Za-z0-9_.:-]{1,128}$/.test(replyTo) ? replyTo : undefined;
  return { replyTo: to, json: JSON.stringify({ ...(isMessageId(id) && { id }), ...what }), problem };
}

function unknownOperation(name: string): TidingsError {
  const message = `There is no operation ${JSON.stringify(name)}: known are ${Object.keys(operations).join(", ")}.`;
  return new TidingsError("bad_request", message, { issues: [{ path: ["operation"], message }] });
}

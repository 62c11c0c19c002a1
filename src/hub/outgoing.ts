import { encodePayload } from "../protocol/encode-message.js";
import type { Issue } from "../protocol/tidings-error.js";
import type { Schema } from "../schema/standard.js";
import { type Validated, validateNow } from "../schema/validate.js";

/**
 * Server code tried to send what does not fit its schema. It is the server's own mistake: a client whose message led to
 * it is answered `internal`, and `onError` gets this.
 */
export class OutgoingPayloadError extends Error {
  override readonly name: string = "OutgoingPayloadError";
  readonly issues: readonly Issue[];

  constructor(what: string, issues: readonly Issue[]) {
    const [first] = issues;
    const where = first === undefined || first.path.length === 0 ? "" : ` at ${first.path.join(".")}`;
    super(`The payload of ${what} does not fit its schema${where}: ${first?.message ?? "no reason given"}`);
    this.issues = issues;
  }
}

/**
 * The schema's output as JSON text. `what` names it in the error, such as `the event "said"`.
 *
 * @throws OutgoingPayloadError where it does not fit, EncodeError where JSON can't hold it
 */
export function encodeOutgoing(schema: Schema, payload: unknown, what: string): string {
  return encodeValidated(validateNow(schema, payload), what);
}

/** The same for what was validated already. */
export function encodeValidated(validated: Validated, what: string): string {
  if ("issues" in validated) throw new OutgoingPayloadError(what, validated.issues);
  return encodePayload(validated.value);
}

import { OwnedPromise } from "../base/owned-promise.js";
import { isThenable } from "../base/thenable.js";
import type { AnyContext, Middleware } from "../declare/context.js";
import type { Received } from "../declare/endpoint.js";
import { encodeValidated } from "../hub/outgoing.js";
import type { Tracing } from "../observe/observe.js";
import { encodePayload } from "../protocol/encode-message.js";
import type { ClientMessage } from "../protocol/message.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { type Validated, validate } from "../schema/validate.js";

/** In what a message is handled. */
export interface Scene {
  readonly context: AnyContext;
  readonly use: readonly Middleware[];
  /** Runs app code, and measures it. */
  readonly watch: <Result>(during: string, call: () => Result) => Result;
  /** What a handler throws that nobody waits for: a middleware called `next`, and was over before. */
  readonly report: (error: unknown) => void;
  readonly tracing: Tracing | undefined;
  /** The endpoint's path, and the connection's id. */
  readonly endpoint: string;
  readonly connection: string;
}

/** The reply as JSON; undefined where none was asked for. */
export type ReplyJson = string | undefined;

/**
 * Takes a message to its handler, and gives what it is answered: validated, through each middleware, handled, and the reply
 * validated. Throws, or rejects with, what is wrong.
 *
 * A promise only where the schema, the handler or a middleware is asynchronous: one for each message costs more than all
 * the rest.
 */
export function handle(received: Received, message: ClientMessage, scene: Scene): ReplyJson | Promise<ReplyJson> {
  const { tracing } = scene;
  return tracing === undefined ? take(received, message, scene) : takeTraced(tracing, received, message, scene);
}

function takeTraced(
  tracing: Tracing,
  received: Received,
  message: ClientMessage,
  scene: Scene,
): ReplyJson | Promise<ReplyJson> {
  const { endpoint, connection } = scene;
  const { type, trace } = message;
  return tracing.message({ endpoint, type, connection, trace }, () => take(received, message, scene));
}

function take(received: Received, message: ClientMessage, scene: Scene): ReplyJson | Promise<ReplyJson> {
  const validated = validate(received.schema, message.payload);
  if (validated instanceof Promise) return validated.then((later) => call(received, message, later, scene));
  return call(received, message, validated, scene);
}

function call(
  received: Received,
  message: ClientMessage,
  validated: Validated,
  scene: Scene,
): ReplyJson | Promise<ReplyJson> {
  if ("issues" in validated) throw new TidingsError("invalid_payload", undefined, { issues: validated.issues });
  const { context, use, watch } = scene;
  const result =
    use.length === 0
      ? watch(received.label, () => received.handle(context, validated.value, message.type))
      : watch(received.label, () => callThrough(received, { ...message, payload: validated.value }, scene));
  if (isThenable(result)) return Promise.resolve(result).then((later) => replyTo(received, message, later));
  return replyTo(received, message, result);
}

/** Through each middleware to the handler, whose result none of them can change. */
async function callThrough(received: Received, message: ClientMessage, scene: Scene): Promise<unknown> {
  const { use, context, report } = scene;
  let result: unknown;
  const callFrom = async (index: number): Promise<void> => {
    const middleware = use[index];
    if (middleware === undefined) {
      result = await received.handle(context, message.payload, message.type);
      return;
    }
    let within: OwnedPromise<void> | undefined;
    let isOver = false;
    const next = () => {
      if (within !== undefined) throw new TypeError("A middleware has called `next` twice.");
      within = OwnedPromise.of(callFrom(index + 1));
      // Nobody waits for it any more.
      if (isOver) within.ifLeft(report);
      return within;
    };
    try {
      await middleware(context, message, next);
    } catch (error) {
      // That is the answer.
      within?.ifLeft(report);
      throw error;
    } finally {
      isOver = true;
    }
    // Where it forgot to await it, it is awaited here: what the handler throws is an answer then, too.
    if (within?.isAsked === false) await within;
  };
  await callFrom(0);
  return result;
}

function replyTo(received: Received, { id, type }: ClientMessage, result: unknown): ReplyJson | Promise<ReplyJson> {
  if (id === undefined) return undefined;
  if (received.reply === undefined) return encodePayload(result);
  const validated = validate(received.reply, result);
  const what = `the reply to "${type}"`;
  if (validated instanceof Promise) return validated.then((later) => encodeValidated(later, what));
  return encodeValidated(validated, what);
}

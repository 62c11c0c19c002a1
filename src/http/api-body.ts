import type { Clock, Timer } from "../base/clock.js";
import type { HttpRequest } from "../declare/app.js";
import type { Limits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { type Asked, valuesOf } from "./asked.js";

export interface BodyOptions {
  readonly clock: Pick<Clock, "after">;
  readonly limits: Pick<Limits, "apiBody" | "apiBodyTime">;
}

/**
 * The JSON that a request carries. What is too big is not read to its end, and what is too slow not waited for: then more of it
 * may come, and the connection is to be closed.
 *
 * Rejects with a `TidingsError`: `unsupported_media_type`, `body_too_big`, `body_timeout`, `invalid_json`.
 */
export async function readBody(request: HttpRequest, asked: Asked, options: BodyOptions): Promise<unknown> {
  checkType(asked);
  const { apiBody } = options.limits;
  if (Number(valuesOf(asked, "content-length")[0]) > apiBody) throw tooBig(apiBody);
  const parsed = bodyReadBefore(request);
  if (parsed !== undefined) return parsed.isText ? parse(parsed.body, apiBody) : parsed.body;
  if (!isReadable(request)) throw readByAnother();
  return parse(await readBytes(request, options), apiBody);
}

/** `application/json`, or one of its kind (RFC 6839 §3.1), in UTF-8. */
function checkType(asked: Asked): void {
  const [type = "", ...others] = valuesOf(asked, "content-type");
  const isJson = /^application\/(?:[\w.+-]+\+)?json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type);
  if (isJson && others.length === 0 && valuesOf(asked, "content-encoding").length === 0) return;
  throw new TidingsError("unsupported_media_type", "Send `Content-Type: application/json`, in UTF-8, not compressed.");
}

type Readable = HttpRequest & AsyncIterable<Uint8Array>;

function isReadable(request: HttpRequest): request is Readable {
  return Symbol.asyncIterator in request && !wasRead(request);
}

function wasRead(request: HttpRequest): boolean {
  return "readableDidRead" in request && request.readableDidRead === true;
}

/** What a framework's body parser has made of it, whose limits have held then. Some put an empty one there and read nothing. */
function bodyReadBefore(request: HttpRequest): ReadBefore | undefined {
  if (isReadable(request) || !("body" in request)) return undefined;
  const { body } = request;
  if (body === undefined) return undefined;
  if (typeof body === "string" || body instanceof Uint8Array) return { isText: true, body };
  return { isText: false, body };
}

type ReadBefore =
  | { readonly isText: true; readonly body: string | Uint8Array }
  | { readonly isText: false; readonly body: unknown };

async function readBytes(request: Readable, { clock, limits }: BodyOptions): Promise<Uint8Array> {
  let late: Timer | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    late = clock.after(limits.apiBodyTime, () => reject(tooSlow(limits.apiBodyTime)));
  });
  // By hand: a loop that is left would destroy the request, and with it the way of the answer.
  const chunks = request[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const next = await Promise.race([nextOf(chunks), tooLate]);
      if (next.done === true) return Buffer.concat(read);
      bytes += next.value.byteLength;
      if (bytes > limits.apiBody) throw tooBig(limits.apiBody);
      read.push(next.value);
    }
  } finally {
    late?.cancel();
  }
}

/** One whose client hangs up in the middle fails, which is nobody's fault here. */
async function nextOf(chunks: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
  try {
    return await chunks.next();
  } catch (cause) {
    throw new TidingsError("bad_request", "The body broke off.", { cause });
  }
}

function parse(body: string | Uint8Array, limit: number): unknown {
  if (body.length > limit) throw tooBig(limit);
  try {
    return JSON.parse(typeof body === "string" ? body : UTF8.decode(body));
  } catch (cause) {
    throw new TidingsError("invalid_json", "The body is empty, or not JSON in UTF-8.", { cause });
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function tooBig(limit: number): TidingsError {
  return new TidingsError("body_too_big", `The body is larger than ${limit} bytes (limits.apiBody).`);
}

function tooSlow(limitMs: number): TidingsError {
  return new TidingsError("body_timeout", `The body has not come within ${limitMs} ms (limits.apiBodyTime).`);
}

function readByAnother(): Error {
  return new Error(
    "The body of a request to the API was read before the app was asked, and is not in `request.body`: put app.http() in front of what reads it.",
  );
}

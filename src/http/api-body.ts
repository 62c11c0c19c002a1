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
  const { apiBody, apiBodyTime } = limits;
  const body = new BodyBytes(apiBody);
  let late: Timer | undefined;
  // One for all of it: of a race at each piece something would be left for as long as the body comes.
  const reading = new Promise<void>((resolve, reject) => {
    late = clock.after(apiBodyTime, () => {
      body.isOver = true;
      reject(tooSlow(apiBodyTime));
    });
    fill(body, request).then(resolve, reject);
  });
  try {
    await reading;
    return body.bytes;
  } finally {
    late?.cancel();
  }
}

/** By hand: a loop that is left would destroy the request, and with it the way of the answer. */
async function fill(body: BodyBytes, request: Readable): Promise<void> {
  const pieces = request[Symbol.asyncIterator]();
  while (!body.isOver) {
    const next = await nextOf(pieces);
    if (next.done === true) return;
    body.add(next.value);
  }
}

/** Copied as they come: a client may send a byte at a time, and what each comes in is a hundred times as large. */
class BodyBytes {
  /** Nobody waits for it any more. */
  isOver = false;
  readonly #limit: number;
  #bytes = new Uint8Array(0);
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  add(piece: Uint8Array): void {
    const length = this.#length + piece.byteLength;
    if (length > this.#limit) throw tooBig(this.#limit);
    if (length > this.#bytes.byteLength) this.#grow(length);
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  #grow(length: number): void {
    const grown = new Uint8Array(Math.min(this.#limit, Math.max(length, 2 * this.#bytes.byteLength)));
    grown.set(this.bytes);
    this.#bytes = grown;
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

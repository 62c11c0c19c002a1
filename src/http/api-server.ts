import type { Api, Outcome } from "../api/api.js";
import type { Operation } from "../api/operation.js";
import type { Problem } from "../api/problem.js";
import type { Clock } from "../base/clock.js";
import { checkOptions, requireOption } from "../base/options.js";
import type { ApiOptions } from "../declare/api-options.js";
import type { HttpRequest } from "../declare/app.js";
import { bearerOf } from "../protocol/authorization.js";
import type { Limits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { type Answer, jsonAnswer } from "./answer.js";
import { readBody } from "./api-body.js";
import { ApiKeys, type KeyHolder } from "./api-keys.js";
import { ApiOrigins } from "./api-origins.js";
import { readQuery } from "./api-query.js";
import { API_ROOT, apiRoutes, methodOf } from "./api-routes.js";
import { type Asked, type Forwarded, pathOf, valuesOf } from "./asked.js";
import { Refusals, type Refused } from "./refusals.js";

export interface ApiServerOptions {
  readonly api: Api;
  readonly keys: ApiKeys;
  readonly origins: ApiOrigins;
  readonly clock: Pick<Clock, "after" | "elapsed">;
  limits(): Pick<Limits, "apiBody" | "apiBodyTime" | "apiRequests">;
  /** What a proxy that is trusted says of who asks. */
  forwarded(asked: Asked): Forwarded | undefined;
  onError(error: unknown): void;
  /** Somebody guesses. Told once a while. */
  onKeyRefused(what: Refused): void;
}

/**
 * What may ask, and from where. Undefined where nobody may.
 *
 * @throws ConfigError where a key or an origin can't be so
 */
export function readApiOptions(
  given: ApiOptions | false | undefined,
): Pick<ApiServerOptions, "keys" | "origins"> | undefined {
  if (given === undefined || given === false) return undefined;
  checkOptions("http.api", given, { keys: "list", origins: "list" });
  requireOption("http.api", given, "keys", "list");
  const read = { keys: new ApiKeys(given.keys), origins: new ApiOrigins(given.origins) };
  return read.keys.isEmpty ? undefined : read;
}

/** The API over HTTP: who asks, what is asked, and how it is answered. */
export class ApiServer {
  readonly #options: ApiServerOptions;
  /** Those that are being answered, their bodies still coming or not. */
  #asked = 0;
  readonly #refusals: Refusals;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#refusals = new Refusals(options.clock, (what) => options.onKeyRefused(what));
  }

  /** Is something asked at this path? */
  has(path: string): boolean {
    return apiRoutes.has(path);
  }

  /** Is it of the API, be there something or not? */
  owns(path: string): boolean {
    return path === API_ROOT || path.startsWith(`${API_ROOT}/`);
  }

  /** Never rejects. */
  async answer(request: HttpRequest, asked: Asked): Promise<Answer> {
    const { origins } = this.#options;
    const operation = apiRoutes.get(pathOf(asked));
    const answering = this.#answerOnce(operation, request, asked);
    const answer = await answering.catch((error: unknown) => this.#refusal(error, operation));
    // What is still to come of a body that nobody wants is not waited for.
    const isOver = answer.status >= 400 && (answer.status === 408 || hasLargeBody(asked));
    const connection: Record<string, string> = isOver ? { connection: "close" } : {};
    return { ...answer, headers: { ...answer.headers, ...connection, ...origins.headersFor(asked) } };
  }

  async #answerOnce(operation: Operation | undefined, request: HttpRequest, asked: Asked): Promise<Answer> {
    if (operation === undefined) throw new TidingsError("not_found", "There is nothing at this path of the API.");
    const { method = "GET" } = request;
    if (method === "OPTIONS") return this.#preflight(operation, asked);
    if (!methodsOf(operation).includes(method)) return this.#notAllowed(operation);
    const holder = this.#holder(asked);
    if (!holder.may(operation.name)) {
      throw new TidingsError("forbidden", `The key "${holder.name}" may not ask for ${operation.name}.`);
    }
    if (this.#asked >= this.#options.limits().apiRequests) throw tooMany();
    this.#asked += 1;
    try {
      const given = await this.#read(operation, request, asked);
      return answerOf(await this.#options.api.run(operation.name, given));
    } finally {
      this.#asked -= 1;
    }
  }

  async #read(operation: Operation, request: HttpRequest, asked: Asked): Promise<unknown> {
    if (operation.isRead) return readQuery(operation.params, asked.target);
    const { clock, limits } = this.#options;
    return withKey(operation, asked, await readBody(request, asked, { clock, limits: limits() }));
  }

  #holder(asked: Asked): KeyHolder {
    const [shown, ...others] = new Set([...bearersIn(asked), ...valuesOf(asked, "x-api-key")]);
    const holder = shown === undefined || others.length > 0 ? undefined : this.#options.keys.holderOf(shown);
    if (holder !== undefined) return holder;
    if (shown !== undefined) this.#refusals.add(this.#options.forwarded(asked)?.address ?? asked.address);
    const told =
      shown === undefined ? "Show a key: `Authorization: Bearer …`, or `X-API-Key: …`." : "This key is not known.";
    throw new TidingsError("unauthorized", told);
  }

  /** What a browser asks before a page may ask (Fetch, CORS preflight), and whoever wonders what can be asked. */
  #preflight(operation: Operation, asked: Asked): Answer {
    const { origins } = this.#options;
    const allow = allowedOf(operation);
    const isPreflight = valuesOf(asked, "access-control-request-method").length > 0;
    if (isPreflight && !origins.has(asked)) {
      throw new TidingsError("origin_not_allowed", "Pages of this origin may not ask: list it in http.api.origins.");
    }
    const headers = { allow, "cache-control": "no-store", ...(isPreflight && origins.preflightHeaders(allow)) };
    return { status: 204, headers, body: "" };
  }

  #notAllowed(operation: Operation): Answer {
    const message = `Only ${methodOf(operation)} is answered here.`;
    const answer = this.#refusal(new TidingsError("method_not_allowed", message), operation);
    return { ...answer, headers: { ...answer.headers, allow: allowedOf(operation) } };
  }

  #refusal(error: unknown, operation: Operation | undefined): Answer {
    // Ours: such as a body that somebody else has read.
    if (!(error instanceof TidingsError)) this.#options.onError(error);
    return problemAnswer(this.#options.api.refuse(error, operation?.name));
  }
}

function answerOf(outcome: Outcome): Answer {
  return "problem" in outcome ? problemAnswer(outcome.problem) : jsonAnswer(200, outcome.result);
}

/** RFC 9457. */
function problemAnswer(problem: Problem): Answer {
  const { status, retryAfterMs = RETRY_AFTER_MS } = problem;
  const headers: Record<string, string> = { "content-type": "application/problem+json" };
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="api"';
  if (status === 429 || status === 503) headers["retry-after"] = String(Math.ceil(retryAfterMs / 1_000));
  return jsonAnswer(status, problem, headers);
}

function tooMany(): TidingsError {
  return new TidingsError("rate_limited", "As much is asked at once as may be (limits.apiRequests).", {
    retryAfterMs: RETRY_AFTER_MS,
  });
}

const RETRY_AFTER_MS = 1_000;

/** One of unknown length may be. */
function hasLargeBody(asked: Asked): boolean {
  const [length = "0"] = valuesOf(asked, "content-length");
  return valuesOf(asked, "transfer-encoding").length > 0 || Number(length) > SMALL_BODY;
}

/** What is as good as there already. */
const SMALL_BODY = 65_536;

function methodsOf(operation: Operation): readonly string[] {
  return operation.isRead ? ["GET", "HEAD"] : [methodOf(operation)];
}

function allowedOf(operation: Operation): string {
  return [...methodsOf(operation), "OPTIONS"].join(", ");
}

function bearersIn(asked: Asked): readonly string[] {
  return valuesOf(asked, "authorization").map((value) => bearerOf(value) ?? "");
}

/** As Stripe and others have it: a header in the place of the body's `key`. */
function withKey({ name, params }: Operation, asked: Asked, body: unknown): unknown {
  const [key, ...others] = new Set(valuesOf(asked, "idempotency-key"));
  if (others.length > 0) throw new TidingsError("bad_request", "Two headers Idempotency-Key differ.");
  if (key === undefined || typeof body !== "object" || body === null || Array.isArray(body)) return body;
  if (!("key" in params)) {
    throw new TidingsError("bad_request", `${name} takes no Idempotency-Key: give each of its items a \`key\`.`);
  }
  if ("key" in body && body.key !== key) throw new TidingsError("bad_request", "Idempotency-Key and `key` differ.");
  return { ...body, key };
}

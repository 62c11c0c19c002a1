import { describeGiven } from "../../../base/quantity.js";
import { TidingsError } from "../../../index.js";
import { hasCodeForm, type Issue } from "../../../protocol/index.js";

/** What a backend is asked. */
export const hooks = ["connect", "subscribe", "publish", "message", "disconnect"] as const;
export type Hook = (typeof hooks)[number];

/** What a backend has answered, with what each hook may say. */
export interface Answer {
  /** Of `connect`: who it is. */
  readonly user?: { readonly id: string; readonly [claim: string]: unknown } | undefined;
  /** Of `connect`: until when, in seconds since 1970, as a JWT has it. */
  readonly exp?: number | undefined;
  /** Of `connect` after a JWT, `subscribe` and `publish`. */
  readonly allow?: boolean | undefined;
  /** Of `message`. */
  readonly reply?: unknown;
}

/** What came over HTTP. */
export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/** What came is no answer: the backend has failed, and nobody is let in by it. */
export class BadAnswerError extends Error {
  override readonly name: string = "BadAnswerError";
  /** Does it say that the backend, or what is behind it, is not to be asked just now? */
  readonly isAway: boolean;

  constructor(message: string, { isAway = false }: { readonly isAway?: boolean } = {}) {
    super(message);
    this.isAway = isAway;
  }
}

/** Too many requests; and what proxies say of a server behind them, or it says itself: gone, not now, too late. */
const AWAY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * What a backend means.
 *
 * @throws {TidingsError} with which it refuses
 * @throws {BadAnswerError} for what is no answer to this hook
 */
export function readAnswer(hook: Hook, { status, body }: RawAnswer): Answer {
  if (status >= 300 && status < 400) throw new BadAnswerError(`a redirect (${status}), which is not followed`);
  if (status < 200 || status >= 300) throw new BadAnswerError(`status ${status}`, { isAway: AWAY.has(status) });
  if (hook === "disconnect") return {};
  const given = status === 204 || body === "" ? {} : parse(body);
  if ("error" in given) throw readRefusal(given);
  const unknown = Object.keys(given).find((name) => !FIELDS[hook].includes(name));
  // A word that is not ours may be a misspelt no.
  if (unknown !== undefined) throw new BadAnswerError(`the field ${describeGiven(unknown)}, which means nothing here`);
  return READERS[hook](given);
}

const FIELDS: Readonly<Record<Hook, readonly string[]>> = {
  connect: ["user", "exp", "allow"],
  subscribe: ["allow"],
  publish: ["allow"],
  message: ["reply"],
  disconnect: [],
};

type Fields = Readonly<Record<string, unknown>>;

const READERS: Readonly<Record<Hook, (given: Fields) => Answer>> = {
  connect: readIdentity,
  subscribe: readPermission,
  publish: readPermission,
  message: ({ reply = null }) => ({ reply }),
  disconnect: () => ({}),
};

function parse(body: string): Fields {
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    throw new BadAnswerError("a body that is not JSON");
  }
  if (isFields(given)) return given;
  throw new BadAnswerError("a body that is no JSON object");
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readIdentity({ user, exp, allow }: Fields): Answer {
  if (exp !== undefined && (typeof exp !== "number" || !Number.isFinite(exp))) {
    throw new BadAnswerError("an `exp` that is no number");
  }
  if (user === undefined) return { exp, ...readPermission({ allow }) };
  if (!isFields(user) || typeof user.id !== "string" || user.id === "") {
    throw new BadAnswerError("a `user` without an `id` that is a text");
  }
  if (allow !== undefined && allow !== true) return { ...readPermission({ allow }) };
  return { user: { ...user, id: user.id }, exp };
}

/** Yes is said, and never taken for granted. */
function readPermission({ allow }: Fields): Answer {
  if (typeof allow === "boolean") return { allow };
  throw new BadAnswerError("neither `allow`, true or false, nor an `error`");
}

function readRefusal({ error, ...more }: Fields): TidingsError {
  if (!isFields(error) || Object.keys(more).length > 0) throw new BadAnswerError("an `error` that is none");
  const { code, message, retryAfterMs, issues } = error;
  if (typeof code !== "string" || !hasCodeForm(code)) throw new BadAnswerError("an `error` without a `code`");
  if (message !== undefined && typeof message !== "string") throw new BadAnswerError("a `message` that is no text");
  if (retryAfterMs !== undefined && !isWait(retryAfterMs)) throw new BadAnswerError("a `retryAfterMs` that is none");
  if (issues !== undefined && !isIssues(issues)) throw new BadAnswerError("`issues` that are none");
  return new TidingsError(code, message, { retryAfterMs, issues });
}

function isWait(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isIssues(value: unknown): value is readonly Issue[] {
  return Array.isArray(value) && value.every(isIssue);
}

function isIssue(value: unknown): boolean {
  if (!isFields(value) || typeof value.message !== "string" || !Array.isArray(value.path)) return false;
  return value.path.every((key) => typeof key === "string" || typeof key === "number");
}

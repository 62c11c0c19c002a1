import { ConfigError } from "../base/config-error.js";
import { describeGiven } from "../base/quantity.js";
import { type Asked, valuesOf } from "./asked.js";

/** Which pages of other sites may ask, from a browser (Fetch, CORS protocol). */
export class ApiOrigins {
  readonly #origins: ReadonlySet<string>;

  /** @throws ConfigError `invalid_origin` */
  constructor(origins: readonly string[] = []) {
    for (const origin of origins) checkOrigin(origin);
    this.#origins = new Set(origins.map((origin) => origin.toLowerCase()));
  }

  /** Is it a listed page that asks? One without an origin, or of this server, asks nothing that needs an answer of this kind. */
  has(asked: Asked): boolean {
    return this.#originOf(asked) !== undefined;
  }

  /** What every answer says, so that a listed page may read it, and what it is kept for is not shown to another. */
  headersFor(asked: Asked): Readonly<Record<string, string>> {
    if (this.#origins.size === 0) return {};
    const origin = this.#originOf(asked);
    if (origin === undefined) return { vary: "origin" };
    return { vary: "origin", "access-control-allow-origin": origin, "access-control-expose-headers": "retry-after" };
  }

  /** What a browser asks before it asks. */
  preflightHeaders(methods: string): Readonly<Record<string, string>> {
    return {
      "access-control-allow-methods": methods,
      "access-control-allow-headers": "authorization, content-type, idempotency-key, x-api-key",
      "access-control-max-age": "600",
    };
  }

  #originOf(asked: Asked): string | undefined {
    const [origin, ...others] = valuesOf(asked, "origin");
    return origin !== undefined && others.length === 0 && this.#origins.has(origin) ? origin : undefined;
  }
}

function checkOrigin(origin: unknown): void {
  // As a browser writes it: a path behind it, or a `*`, would never be met.
  const isOrigin = typeof origin === "string" && URL.canParse(origin) && !origin.includes("*");
  if (isOrigin && new URL(origin).origin === origin.toLowerCase()) return;
  throw new ConfigError("invalid_origin", {
    message: `http.api.origins has ${describeGiven(origin)}.`,
    fix: 'Write it like "https://admin.example", with its port where it has one; each page by itself.',
  });
}

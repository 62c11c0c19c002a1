import type { HttpRequest, HttpResponse } from "../declare/app.js";
import { refusalOf, refusals } from "../protocol/refusals.js";

/** What the pages tell, asked each time. */
export interface HttpFacts {
  /** Is there an endpoint at this path? Then it wants an upgrade. */
  hasEndpoint(path: string): boolean;
  isReady(): boolean;
  count(): Promise<Headcount>;
  onError(error: unknown): void;
}

/** How many are there, in all processes. */
export interface Headcount {
  readonly users: number;
  readonly connections: number;
  /** Only in this one: the others can't be asked. */
  readonly isOfThisProcess: boolean;
}

/** Answers what an app says over plain HTTP. What it has no answer for goes to `next`, or is 404. */
export function createHttpHandler(
  facts: HttpFacts,
): (request: HttpRequest, response: HttpResponse, next?: () => void) => void {
  const pages: Readonly<Record<string, () => Page | Promise<Page>>> = {
    "/healthz": () => ({ status: 200, body: { status: "ok" } }),
    "/readyz": () =>
      facts.isReady() ? { status: 200, body: { status: "ready" } } : { status: 503, body: { status: "not ready" } },
    "/health/websockets": async () => ({ status: 200, body: describeHeadcount(await facts.count()) }),
  };
  return (request, response, next) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (page !== undefined && (request.method === "GET" || request.method === "HEAD")) {
      const isHead = request.method === "HEAD";
      // What rejects is the answering itself: somebody else may have answered meanwhile.
      answerPage(response, page, isHead, facts).catch((error: unknown) => facts.onError(error));
    } else if (page !== undefined) {
      answer(
        response,
        405,
        { code: "method_not_allowed", message: "Only GET is answered here." },
        { allow: "GET, HEAD" },
      );
    } else if (facts.hasEndpoint(path)) {
      refuse(response, "upgrade_required", { upgrade: "websocket", "sec-websocket-version": "13" });
    } else if (next !== undefined) {
      next();
    } else {
      refuse(response, "not_found");
    }
  };
}

interface Page {
  readonly status: number;
  readonly body: object;
}

/** A sum that lacks some of it says so. */
function describeHeadcount({ users, connections, isOfThisProcess }: Headcount): object {
  return {
    total_users: users,
    total_connections: connections,
    ...(isOfThisProcess && { of_this_process_only: true }),
  };
}

async function answerPage(
  response: HttpResponse,
  page: () => Page | Promise<Page>,
  isHead: boolean,
  facts: HttpFacts,
): Promise<void> {
  let found: Page;
  try {
    found = await page();
  } catch (error) {
    facts.onError(error);
    refuse(response, "unavailable");
    return;
  }
  answer(response, found.status, found.body, {}, isHead);
}

function refuse(response: HttpResponse, reason: keyof typeof refusals, headers: Record<string, string> = {}): void {
  answer(response, refusalOf(reason).http, { code: reason, message: refusals[reason].message }, headers);
}

function answer(
  response: HttpResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
  isHead = false,
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": String(new TextEncoder().encode(text).byteLength),
    "cache-control": "no-store",
    ...headers,
  });
  response.end(isHead ? undefined : text);
}

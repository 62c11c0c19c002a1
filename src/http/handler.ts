import type { HttpRequest, HttpResponse, Listening } from "../declare/app.js";
import type { OpenApiDocument } from "../declare/openapi-document.js";
import { EXPOSITION_TYPE } from "../observe/exposition.js";
import { refusalAnswerOf } from "../protocol/refusal-answer.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { type Answer, fileAnswer, jsonAnswer, sendAnswer } from "./answer.js";
import type { ApiServer } from "./api-server.js";
import { type Asked, type Forwarded, pathOf, readAsked } from "./asked.js";
import { DocumentFile, type ServedDocument } from "./document-file.js";
import type { PageName } from "./page-access.js";
import type { PageDoor } from "./page-door.js";
import type { PageFiles } from "./page-files.js";
import { dataHeaders, pageHeaders } from "./page-headers.js";
import { type SocketServer, socketsElsewhere, socketsHere } from "./socket-servers.js";
import { createVisit, placeOf } from "./visit.js";

/** What the pages tell, asked each time. */
export interface HttpFacts {
  /** Is there an endpoint at this path? Then it wants an upgrade. */
  hasEndpoint(path: string): boolean;
  isReady(): boolean;
  count(): Promise<Headcount>;
  /** The AsyncAPI document, for who reaches the app's sockets so. Without any it is the same object until it says something else. */
  document(servers: readonly SocketServer[]): ServedDocument;
  /** The HTTP API, where it is here. */
  readonly api: ApiServer | undefined;
  /** What can be asked of it. */
  openapi(): OpenApiDocument;
  /** As Prometheus reads it. */
  metrics(): string;
  /** Who may see the pages here. */
  readonly door: PageDoor;
  readonly files: PageFiles;
  forwarded(asked: Asked): Forwarded | undefined;
  /** Where the app listens, where these pages have a port of their own. */
  readonly elsewhere?: (() => Iterable<Listening>) | undefined;
  onError(error: unknown): void;
}

/** How many are there, in all processes. */
export interface Headcount {
  readonly users: number;
  readonly connections: number;
  /** Only in this one: the others can't be asked. */
  readonly isOfThisProcess: boolean;
}

export type HttpHandler = (request: HttpRequest, response: HttpResponse, next?: () => void) => void;

/** Answers what an app says over plain HTTP. What it has no answer for goes to `next`, or is 404. */
export function createHttpHandler(facts: HttpFacts): HttpHandler {
  const pages = pagesFrom(facts);
  const answerApi = (api: ApiServer, request: HttpRequest, response: HttpResponse) => {
    const answering = api.answer(request, readAsked(request));
    answering
      .then((answer) => sendAnswer(response, answer, request.method === "HEAD"))
      .catch((error: unknown) => facts.onError(error));
  };
  return (request, response, next) => {
    const asked = readAsked(request);
    const path = pathOf(asked);
    const page = pages.get(path);
    const isHead = request.method === "HEAD";
    // What nobody may see, or not from there, is answered as if it were not there.
    if (page !== undefined && (page.of === undefined || facts.door.isThere(page.of, asked))) {
      const isAllowed = isHead || request.method === "GET";
      const answer = isAllowed ? answerOf(page, asked, facts) : Promise.resolve(NOT_ALLOWED);
      // What rejects is the answering itself: somebody else may have answered meanwhile.
      answer.then((found) => sendAnswer(response, found, isHead)).catch((error: unknown) => facts.onError(error));
    } else if (facts.api?.has(path) === true) {
      answerApi(facts.api, request, response);
    } else if (facts.hasEndpoint(path)) {
      sendAnswer(response, refusalAnswerOf(new TidingsError("upgrade_required"), NO_CHALLENGE), isHead);
    } else if (next !== undefined) {
      next();
    } else if (facts.api?.owns(path) === true) {
      answerApi(facts.api, request, response);
    } else {
      sendAnswer(response, refusalAnswerOf(new TidingsError("not_found"), NO_CHALLENGE), isHead);
    }
  };
}

interface Page {
  /** Whose guard it is behind; a health check is behind none. */
  readonly of?: PageName;
  answer(asked: Asked): Answer | Promise<Answer>;
}

const NO_CHALLENGE = "Bearer";

const NOT_ALLOWED: Answer = jsonAnswer(
  405,
  { code: "method_not_allowed", message: "Only GET is answered here." },
  { allow: "GET, HEAD" },
);

/** Where each file is; the pages name them relative to themselves. */
const FILES: readonly (readonly [path: string, of: PageName, file: string])[] = [
  ["/docs", "docs", "console.html"],
  ["/docs/console.js", "docs", "console.js"],
  ["/docs/console.css", "docs", "console.css"],
  ["/docs/icon.svg", "docs", "icon.svg"],
  ["/dashboard", "dashboard", "dashboard.html"],
  ["/dashboard/dashboard.js", "dashboard", "dashboard.js"],
  ["/dashboard/dashboard.css", "dashboard", "dashboard.css"],
  ["/dashboard/icon.svg", "dashboard", "icon.svg"],
];

/**
 * A cookie that names no path has that of the folder that it came from: sent with this file it goes to `/dashboard/live`, under
 * whatever prefix a proxy gives them, and to nothing else of ours but files.
 */
const REMEMBERED_BY = "/dashboard/dashboard.js";

function pagesFrom(facts: HttpFacts): ReadonlyMap<string, Page> {
  const sockets = (asked: Asked) => socketsFor(asked, facts);
  const documentFile = new DocumentFile();
  const answerDocument = async (asked: Asked) => {
    const file = await documentFile.for(facts.document([]), facts.document(sockets(asked)).servers);
    return fileAnswer(file, createVisit(asked, undefined).headers, DOCUMENT_HEADERS);
  };
  const apiFile = new DocumentFile();
  const answerApiDocument = async (asked: Asked) => {
    const document = facts.openapi();
    const file = await apiFile.for(document, document.servers);
    return fileAnswer(file, createVisit(asked, undefined).headers, DOCUMENT_HEADERS);
  };
  const fileOf = ([path, of, name]: (typeof FILES)[number]): [string, Page] => [
    path,
    {
      of,
      async answer(asked) {
        const headers = pageHeaders(of === "docs" && facts.elsewhere !== undefined ? sockets(asked) : []);
        const remembered = path === REMEMBERED_BY ? facts.door.remember(of, asked) : undefined;
        if (remembered !== undefined) headers["set-cookie"] = remembered;
        return fileAnswer(await facts.files.read(name), createVisit(asked, undefined).headers, headers);
      },
    },
  ];
  return new Map<string, Page>([
    ["/healthz", { answer: () => jsonAnswer(200, { status: "ok" }) }],
    ["/readyz", { answer: () => (facts.isReady() ? jsonAnswer(200, { status: "ready" }) : NOT_READY) }],
    ["/health/websockets", { answer: async () => jsonAnswer(200, describeHeadcount(await facts.count())) }],
    ["/asyncapi.json", { of: "docs", answer: answerDocument }],
    ...(facts.api === undefined ? [] : [["/openapi.json", { of: "docs", answer: answerApiDocument }] as const]),
    ["/metrics", { of: "metrics", answer: () => textAnswer(facts.metrics()) }],
    ...FILES.map(fileOf),
    ...(["docs", "dashboard"] as const).map((of): [string, Page] => [
      `/${of}/`,
      { of, answer: () => withoutSlash(of) },
    ]),
  ]);
}

/** Asked for again each time, as the page that shows it is. */
const DOCUMENT_HEADERS: Readonly<Record<string, string>> = { ...dataHeaders, "cache-control": "private, no-cache" };

/** As people type it. Relative, so that it is right under a prefix too. */
function withoutSlash(page: PageName): Answer {
  return { status: 308, headers: { ...dataHeaders, location: `../${page}` }, body: "" };
}

const NOT_READY: Answer = jsonAnswer(503, { status: "not ready" });

/** A sum that lacks some of it says so. */
function describeHeadcount({ users, connections, isOfThisProcess }: Headcount): object {
  return {
    total_users: users,
    total_connections: connections,
    ...(isOfThisProcess && { of_this_process_only: true }),
  };
}

function textAnswer(body: string): Answer {
  return { status: 200, headers: { ...dataHeaders, "content-type": EXPOSITION_TYPE }, body };
}

function socketsFor(asked: Asked, { elsewhere, forwarded }: HttpFacts): readonly SocketServer[] {
  const place = placeOf(asked, forwarded(asked));
  return elsewhere === undefined ? socketsHere(place) : socketsElsewhere(place, elsewhere());
}

/** What a page, or its guard, has to say. Never rejects. */
async function answerOf({ of, answer }: Page, asked: Asked, { door, onError }: HttpFacts): Promise<Answer> {
  try {
    if (of !== undefined) await door.enter(of, asked);
  } catch (error) {
    return refusalAnswerOf(publicError(error, "internal"), of === undefined ? NO_CHALLENGE : door.challengeOf(of));
  }
  try {
    return await answer(asked);
  } catch (error) {
    onError(error);
    return refusalAnswerOf(publicError(error, "unavailable"), NO_CHALLENGE);
  }
}

function publicError(error: unknown, otherwise: string): TidingsError {
  return error instanceof TidingsError ? error : new TidingsError(otherwise);
}

import type { Api } from "../api/api.js";
import type { Clock } from "../base/clock.js";
import type { Listening } from "../declare/app.js";
import type { HttpOptions } from "../declare/http-options.js";
import type { OpenApiDocument } from "../declare/openapi-document.js";
import type { Limits } from "../protocol/limits.js";
import { ApiServer, readApiOptions } from "./api-server.js";
import type { Asked, Forwarded } from "./asked.js";
import { createHttpHandler, type Headcount, type HttpHandler } from "./handler.js";
import { defaultPagesHost, type PageAccess, pageAccess } from "./page-access.js";
import { PageDoor } from "./page-door.js";
import { PageFiles } from "./page-files.js";
import type { Refused } from "./refusals.js";
import { SharedHeadcount } from "./shared-headcount.js";
import type { SocketServer } from "./socket-servers.js";

export interface AppPagesOptions {
  readonly http: HttpOptions | undefined;
  readonly isProduction: boolean;
  readonly clock: Pick<Clock, "after" | "elapsed">;
  limits(): Pick<Limits, "needs" | "pending" | "apiBody" | "apiBodyTime" | "apiRequests">;
  /** What can be asked of the app from without. */
  readonly api: Api;
  hasEndpoint(path: string): boolean;
  isReady(): boolean;
  count(): Promise<Headcount>;
  document(servers: readonly SocketServer[]): object;
  openapi(): OpenApiDocument;
  metrics(): string;
  forwarded(asked: Asked): Forwarded | undefined;
  /** Where the app's own port is, or ports. */
  listening(): Iterable<Listening>;
  onError(error: unknown): void;
  onKeyRefused(what: Refused): void;
  /** A guard of the pages has let in nobody who showed this. */
  onPageRefused(what: Refused): void;
}

/** What an app answers on one port, and who may see it there. */
export interface PagesOfPort {
  readonly answer: HttpHandler;
  readonly door: PageDoor;
}

/** Where pages have a port of their own. */
export interface PagesApart extends PagesOfPort {
  readonly port: number;
  readonly host: string;
}

/** The pages of an app: on its own port, and on one apart where they have one. */
export class AppPages {
  readonly here: PagesOfPort;
  readonly apart: PagesApart | undefined;

  /** @throws ConfigError where `http` can't be so */
  constructor(options: AppPagesOptions) {
    const { http = {}, isProduction, listening } = options;
    const access = pageAccess(http, isProduction);
    const files = new PageFiles();
    const keyed = readApiOptions(http.api);
    const api = keyed && new ApiServer({ ...options, ...keyed });
    const headcount = new SharedHeadcount(options);
    const count = () => headcount.read();
    const pagesOf = (of: PageAccess, own: OwnFacts) => {
      const door = new PageDoor({ ...options, access: of });
      return { door, answer: createHttpHandler({ ...options, ...own, count, door, files }) };
    };
    const isApart = http.port !== undefined && access.apart !== undefined;
    this.here = pagesOf(access.app, { api: isApart ? undefined : api });
    if (http.port === undefined || access.apart === undefined) return;
    const { port, host = defaultPagesHost } = http;
    this.apart = { port, host, ...pagesOf(access.apart, { api, hasEndpoint: () => false, elsewhere: listening }) };
  }
}

/** What differs from port to port. */
interface OwnFacts {
  readonly api: ApiServer | undefined;
  hasEndpoint?(path: string): boolean;
  readonly elsewhere?: AppPagesOptions["listening"] | undefined;
}

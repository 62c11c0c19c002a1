import { type AppGiven, describeApp, serversOf } from "../asyncapi/describe-app.js";
import type { AsyncApiDocument } from "../declare/asyncapi-document.js";
import type { StartupWarning } from "../declare/credential.js";
import type { AppInfo } from "../declare/http-options.js";
import type { OpenApiDocument } from "../declare/openapi-document.js";
import { describeApi } from "../http/openapi.js";
import type { SocketServer } from "../http/socket-servers.js";
import type { Routes } from "./routes.js";
import { listedChannels } from "./warnings.js";

export interface DescriptionOptions {
  readonly info: () => AppInfo | undefined;
  readonly routes: () => Routes;
  /** What can't be described as it should, told once. */
  readonly onWarning: (warning: StartupWarning) => void;
}

/** An app's AsyncAPI document. It takes its time, so it is made when it is first asked for; then only the servers differ. */
export class Description {
  readonly #options: DescriptionOptions;
  #made: { readonly routes: Routes; readonly document: AsyncApiDocument } | undefined;

  #api: { readonly routes: Routes; readonly document: OpenApiDocument } | undefined;

  constructor(options: DescriptionOptions) {
    this.#options = options;
  }

  /** Of the HTTP API. */
  get openapi(): OpenApiDocument {
    const routes = this.#options.routes();
    if (this.#api?.routes !== routes) {
      const document = describeApi({ info: this.#options.info(), channels: listedChannels(routes) });
      this.#api = { routes, document };
    }
    return this.#api.document;
  }

  /** @param servers where the app's sockets can be reached */
  reachedAt(servers: readonly SocketServer[]): AsyncApiDocument {
    const document = this.#document;
    return servers.length === 0 ? document : { ...document, servers: serversOf(servers) };
  }

  get #document(): AsyncApiDocument {
    const { info, routes: routesNow, onWarning } = this.#options;
    const routes = routesNow();
    if (this.#made?.routes === routes) return this.#made.document;
    const { document, warnings } = describeApp({ info: info(), endpoints: routes.all.map(givenOf) });
    if (this.#made === undefined) for (const warning of warnings) onWarning(warning);
    this.#made = { routes, document };
    return document;
  }
}

function givenOf({ endpoint, plan, limits }: Routes["all"][number]): AppGiven["endpoints"][number] {
  return { definition: endpoint, ways: plan.ways, isRefreshable: plan.refreshable.size > 0, limits };
}

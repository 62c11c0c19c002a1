import type { Middleware } from "../declare/context.js";
import type { EndpointDefinition } from "../declare/endpoint.js";
import type { Limits } from "../protocol/limits.js";

/** An endpoint as an app serves it: its declaration with the app's limits beneath its own. */
export interface Route {
  readonly endpoint: EndpointDefinition;
  readonly limits: Limits;
  /** Around each message: the app's, then the endpoint's. */
  readonly use: readonly Middleware[];
}

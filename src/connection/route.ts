import type { Middleware } from "../declare/context.js";
import type { EndpointDefinition } from "../declare/endpoint.js";
import type { Limits } from "../protocol/limits.js";
import type { DependencyPlan } from "./dependency-plan.js";

/** An endpoint as an app serves it: its declaration with the app's limits beneath its own. */
export interface Route {
  readonly endpoint: EndpointDefinition;
  readonly limits: Limits;
  /** What `limits.messagesPerUser` counts together: an endpoint's path, or everything. */
  readonly userRateScope: string;
  /** Does a plain client hear pings as messages, and not as frames? */
  readonly pingsByMessage: boolean;
  /** Around each message: the app's, then the endpoint's. */
  readonly use: readonly Middleware[];
  readonly plan: DependencyPlan;
}

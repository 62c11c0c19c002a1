import type { Operation } from "../api/operation.js";
import { operations } from "../api/operations.js";
import type { ApiOperation } from "../declare/api-options.js";

/** Where everything is that can be asked over HTTP. */
export const API_ROOT = "/api";

/** Names of channels and users are never part of a path: they stand in the query, or in the body. */
const PATHS: Readonly<Record<ApiOperation, string>> = {
  publish: "/publish",
  publish_batch: "/publish/batch",
  presence: "/presence",
  history: "/history",
  channels: "/channels",
  report_task: "/tasks/report",
  cancel_task: "/tasks/cancel",
  tasks: "/tasks",
  connections: "/connections",
  connected: "/connected",
  disconnect: "/disconnect",
  revoke: "/revoke",
  stats: "/stats",
};

/** Path → what is asked there. */
export const apiRoutes: ReadonlyMap<string, Operation> = new Map(
  Object.values(operations).map((operation) => [API_ROOT + PATHS[operation.name], operation]),
);

export function methodOf({ isRead }: Operation): "GET" | "POST" {
  return isRead ? "GET" : "POST";
}

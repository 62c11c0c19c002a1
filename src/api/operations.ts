import type { ApiOperation } from "../declare/api-options.js";
import { channels, history, presence } from "./channel-operations.js";
import { connected, connections, disconnect, revoke } from "./connection-operations.js";
import type { Operation } from "./operation.js";
import { publish, publishBatch } from "./publish-operations.js";
import { stats } from "./stats-operation.js";
import { cancelTask, reportTask, tasks } from "./task-operations.js";

/** All that can be asked of an app from without, by name. */
export const operations: Readonly<Record<ApiOperation, Operation>> = {
  publish,
  publish_batch: publishBatch,
  presence,
  history,
  channels,
  report_task: reportTask,
  cancel_task: cancelTask,
  tasks,
  connections,
  connected,
  disconnect,
  revoke,
  stats,
};

export function isOperation(name: string): name is ApiOperation {
  return Object.hasOwn(operations, name);
}

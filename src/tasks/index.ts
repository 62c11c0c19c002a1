/**
 * Long work beside the handler that starts it, and what its user is told of it.
 *
 * @module tidings/tasks
 */
export type {
  TaskEvents,
  TaskFailure,
  TaskId,
  TaskNews,
  TaskSaid,
  TaskState,
  TaskStatus,
  TasksContract,
} from "../declare/task.js";
export { type ReportWords, reportTask, type TaskReport } from "./report-task.js";
export { startTask, startWorkerTask, type TaskOptions } from "./start-task.js";
export type { Task, WorkerTask } from "./task.js";
export { cancelTask, tasks } from "./task-channel.js";

import { browser } from "./browser.js";
import { type Connect, createConnect } from "./connect.js";

export const connect: Connect = createConnect(browser);

export type { Closed } from "../declare/closed.js";
export type { TaskFailure, TaskId, TaskState, TaskStatus } from "../declare/task.js";
export { TidingsError } from "../protocol/tidings-error.js";
export type {
  ChannelAt,
  Client,
  ClientFor,
  ConnectOptions,
  EndpointLike,
  Gap,
  Heard,
  OptionsOf,
  Origin,
  Presence,
  RequestArgs,
  RequestOptions,
  Status,
  SubscribeArgs,
  SubscribeOptions,
  Subscription,
  SubscriptionStatus,
  Tasks,
  TasksOf,
  Token,
  UrlOf,
} from "./client.js";
export type { Connect } from "./connect.js";
export { whenLive } from "./when-live.js";

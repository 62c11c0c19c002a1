/**
 * The client, for browsers and for Node: it stays connected, and comes back to where it was.
 *
 * @module tidings/client
 */
import { browser } from "./browser.js";
import { type Connect, createConnect } from "./connect.js";

/**
 * Connects to an endpoint, and stays connected until it is closed: `connect<typeof room>("/ws/rooms/lobby", { token })`. It
 * dials again where the connection was lost, resumes where it stood, and renews its token.
 *
 * @param url the endpoint's path on the page's own server, or with another's address: `wss://app.example/ws/rooms/lobby`.
 * What stands for a param is percent-encoded by you
 * @throws TypeError for an address, or a time, that cannot be
 */
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

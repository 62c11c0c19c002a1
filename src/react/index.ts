/**
 * Hooks of React over a client: what is shown is there between an effect and its clean-up.
 *
 * @module tidings/react
 */
"use client";

// What its hooks give and take, by name.
export type { ClientFor, Gap, Origin, Status, Subscription, SubscriptionStatus } from "../client/client.js";
export type { TaskId, TaskState } from "../declare/task.js";
export {
  type AnyClient,
  type ClientInside,
  TidingsProvider,
  type TidingsProviderProps,
  useClient,
} from "./tidings-provider.js";
export { type ChannelView, useChannel } from "./use-channel.js";
export { useLast } from "./use-last.js";
export { useEvent, useMessage } from "./use-message.js";
export { type Members, type MembersOf, usePresence } from "./use-presence.js";
export { useStatus } from "./use-status.js";
export { useTask, useTasks, type WithTasks } from "./use-task.js";

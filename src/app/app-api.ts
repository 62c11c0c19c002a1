import type { Api } from "../api/api.js";
import type { ApiHost, Headcount, HistoryRange, PresentMembers, PublishHow, StoredEvents } from "../api/api-host.js";
import { answerText } from "../api/told-request.js";
import type { App, Published, Revoked, Stats } from "../declare/app.js";
import type { ChannelDefinition, ChannelEvent, ChannelRef } from "../declare/channel.js";
import type { ProcessView } from "../declare/process-view.js";
import type { TaskNews, TaskState } from "../declare/task.js";
import { OutgoingPayloadError } from "../hub/outgoing.js";
import { EncodeError } from "../protocol/encode-message.js";
import type { Limits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { reportTask, type TaskReport } from "../tasks/report-task.js";
import { cancelTask, tasks } from "../tasks/task-channel.js";
import { type TaskEventType, taskEvents } from "../tasks/task-news.js";
import type { RunningApp } from "./running.js";

export interface AppApiOptions {
  readonly app: App;
  readonly running: RunningApp;
  /** Those that endpoints list. */
  readonly channels: Iterable<ChannelDefinition>;
}

/** What a running app does for who asks from without. */
export class AppApi implements ApiHost {
  readonly limits: Limits;
  readonly channels: Iterable<ChannelDefinition>;
  readonly view: ProcessView;
  readonly #app: App;
  readonly #running: RunningApp;

  constructor({ app, running, channels }: AppApiOptions) {
    this.limits = running.limits;
    this.channels = channels;
    this.view = running.host.view;
    this.#app = app;
    this.#running = running;
    // What this process is told by itself, and by the others.
    running.host.onNotice(DISCONNECT, (what) => {
      const { connection, code, reason } = what as Disconnect; // as `disconnectConnection` wrote it
      running.hub.members.get(connection)?.close(code, reason);
    });
  }

  /** Answers those too that know only the broker, where it takes such. */
  serveRequests(api: Api): void {
    const { limits } = this;
    this.#running.hub.serveRequests((text, tries) => answerText(api, text, tries, limits), limits.apiRequests);
  }

  stats(): Stats {
    return this.#running.stats();
  }

  countAll(): Promise<Headcount> {
    return this.#running.count();
  }

  report(error: unknown, during: string): void {
    this.#running.host.report(error, during);
  }

  async publish(channel: ChannelRef, { type, payload }: ChannelEvent, { except, key }: PublishHow): Promise<Published> {
    try {
      // Its name and its event were looked up, which is what the type wants to know.
      const publish = this.#app.publish.bind(this.#app) as UntypedPublish;
      return await publish(channel, type, payload, { key, except: except === undefined ? undefined : { id: except } });
    } catch (error) {
      throw publicError(error);
    }
  }

  async history({ channel }: ChannelRef, { limit, before }: HistoryRange): Promise<StoredEvents> {
    const { epoch, events } = await this.#running.hub.channels.history(channel, limit, before);
    const told = events.map(({ type, offset, payloadJson }) => ({ type, offset, payload: JSON.parse(payloadJson) }));
    return { epoch, events: told };
  }

  async members({ channel }: ChannelRef, limit: number): Promise<PresentMembers> {
    const { members, count } = await this.#running.hub.channels.members(channel, limit);
    return { members: members.map(({ faceJson }) => JSON.parse(faceJson)), count };
  }

  isConnected(user: string): Promise<boolean> {
    return this.#app.isConnected(user);
  }

  disconnectUser(user: string, code: number, reason: string): Promise<void> {
    return this.#app.disconnectUser(user, { code, reason });
  }

  disconnectConnection(connection: string, code: number, reason: string): Promise<void> {
    const what: Disconnect = { connection, code, reason };
    return this.#running.host.notify(DISCONNECT, what);
  }

  revoke(what: Revoked): Promise<void> {
    return this.#app.revoke(what);
  }

  async reportTask(user: string, task: string, report: Readonly<Record<string, unknown>>): Promise<boolean> {
    try {
      return await reportTask(this.#app, user, task, report as unknown as TaskReport); // it is checked there
    } catch (error) {
      throw publicError(error);
    }
  }

  cancelTask(user: string, task: string): Promise<boolean> {
    return cancelTask(this.#app, user, task);
  }

  async tasksOf(user: string): Promise<readonly TaskState[]> {
    const channel = tasks({ user });
    const { events } = await this.#running.host.read(channel);
    return events.map(({ type, payloadJson }) => {
      const { task, ...said } = JSON.parse(payloadJson) as TaskNews; // it was validated when it was said
      const status = taskEvents[type as TaskEventType]; // no other is kept there
      return { id: task, status, ...said, channel: channel.channel };
    });
  }
}

type UntypedPublish = (
  channel: ChannelRef,
  type: string,
  payload: unknown,
  options: { readonly key: string | undefined; readonly except: { readonly id: string } | undefined },
) => Promise<Published>;

interface Disconnect {
  readonly connection: string;
  readonly code: number;
  readonly reason: string;
}

const DISCONNECT = "api/disconnect";

/** What does not fit here was said by who asks, and is told them. */
function publicError(error: unknown): unknown {
  if (error instanceof OutgoingPayloadError) {
    return new TidingsError("invalid_payload", error.message, { issues: error.issues, cause: error });
  }
  if (error instanceof RangeError || error instanceof EncodeError)
    return new TidingsError("invalid_payload", error.message, { cause: error });
  return error;
}

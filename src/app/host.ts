import type { Clock } from "../base/clock.js";
import type { IdSource } from "../base/ids.js";
import { report } from "../connection/environment.js";
import type { AppHost, KeptOf } from "../declare/app.js";
import type { ChannelRef } from "../declare/channel.js";
import type { ProcessView } from "../declare/process-view.js";
import type { Hub } from "../hub/hub.js";
import type { Observer } from "../observe/observe.js";
import type { Limits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";

export interface HostOptions {
  readonly clock: Clock;
  readonly createId: IdSource;
  readonly limits: Limits;
  readonly hub: Hub;
  readonly observer: Observer;
  readonly view: ProcessView;
}

/** What a running app has for the parts of the package that stand beside its core. */
export class RunningHost implements AppHost {
  readonly clock: Clock;
  readonly createId: IdSource;
  readonly limits: Limits;
  readonly view: ProcessView;
  readonly #hub: Hub;
  readonly #observer: Observer;
  #closings: (() => Promise<unknown>)[] | undefined = [];

  constructor({ clock, createId, limits, hub, observer, view }: HostOptions) {
    this.clock = clock;
    this.createId = createId;
    this.limits = limits;
    this.view = view;
    this.#hub = hub;
    this.#observer = observer;
  }

  async read({ channel }: ChannelRef): Promise<KeptOf> {
    const { channels } = this.#hub;
    const pageSize = this.limits.historyPage;
    let page = await channels.history(channel, pageSize);
    const { epoch, offset } = page;
    const found = [...page.events];
    while (page.events.length === pageSize) {
      page = await channels.history(channel, pageSize, found[0]?.offset);
      // What is of another life of the stream does not stand before these.
      if (page.epoch !== epoch) break;
      found.unshift(...page.events);
    }
    return { epoch, offset, events: found };
  }

  notify(topic: string, what: unknown): Promise<void> {
    return this.#hub.notifyEverywhere(topic, JSON.stringify(what));
  }

  onNotice(topic: string, listener: (what: unknown) => void): void {
    this.#hub.onNotice(topic, (json) => listener(JSON.parse(json)));
  }

  onClosing(run: () => Promise<unknown>): void {
    if (this.#closings === undefined) throw new TidingsError("unavailable", "This app is closing.");
    this.#closings.push(run);
  }

  watch<Result>(during: string, call: () => Result): Result {
    return this.#observer.loop.run(BESIDE, during, call);
  }

  report(error: unknown, during: string): void {
    report(this.#observer, error, { during });
  }

  /** Resolves when all who are to be told have done what they do then. Never rejects. */
  async close(): Promise<void> {
    const closings = this.#closings ?? [];
    this.#closings = undefined;
    await Promise.all(closings.map((run) => run().catch((error: unknown) => this.report(error, "close"))));
  }
}

/** Stands in the place of an endpoint, where what blocks the event loop is none. */
const BESIDE = "app";

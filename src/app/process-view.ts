import { InspectedConnection } from "../connection/inspected-connection.js";
import type { LiveConnection } from "../connection/live-connection.js";
import type { ConnectionReport } from "../declare/connection-report.js";
import type { ChannelView, ConnectionView, LoopDelay, ProcessFigures, ProcessView } from "../declare/process-view.js";
import type { Channels } from "../hub/channels.js";
import type { ClosedConnections } from "./closed-connections.js";
import type { LoopDelayMeter } from "./loop-delay.js";

export interface RunningViewOptions {
  readonly process: string;
  readonly startedAtMs: number;
  readonly connections: ReadonlyMap<string, LiveConnection>;
  readonly closedConnections: ClosedConnections;
  readonly channels: Pick<Channels, "views">;
  readonly loopDelay: LoopDelayMeter;
  readonly figures: () => ProcessFigures;
}

/** What can be seen of a running app in this process. It costs nothing while nobody looks. */
export class RunningView implements ProcessView {
  readonly process: string;
  readonly startedAtMs: number;
  readonly #options: RunningViewOptions;

  constructor(options: RunningViewOptions) {
    this.process = options.process;
    this.startedAtMs = options.startedAtMs;
    this.#options = options;
  }

  figures(): ProcessFigures {
    return this.#options.figures();
  }

  loopDelay(): LoopDelay {
    return this.#options.loopDelay.read();
  }

  *connections(): Iterable<ConnectionView> {
    for (const connection of this.#options.connections.values()) yield new InspectedConnection(connection);
  }

  connection(id: string): ConnectionView | undefined {
    const found = this.#options.connections.get(id);
    return found && new InspectedConnection(found);
  }

  closed(): Iterable<ConnectionReport> {
    return this.#options.closedConnections;
  }

  channels(): Iterable<ChannelView> {
    return this.#options.channels.views();
  }
}

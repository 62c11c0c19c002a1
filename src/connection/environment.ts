import type { Clock } from "../base/clock.js";
import type { IdSource } from "../base/ids.js";
import type { App } from "../declare/app.js";
import type { ConnectionReport } from "../declare/connection-report.js";
import type { DependencyDefinition } from "../declare/dependency.js";
import type { Handshake } from "../declare/handshake.js";
import type { Turn } from "../delivery/turn.js";
import type { Hub } from "../hub/hub.js";
import type { Observer } from "../observe/observe.js";
import type { Limits } from "../protocol/limits.js";
import type { Agenda } from "./agenda.js";
import type { Origins } from "./origins.js";

/** What every connection of a running app shares. */
export interface Environment {
  readonly app: App;
  readonly hub: Hub;
  readonly turn: Turn;
  /** The app's. */
  readonly limits: Limits;
  readonly clock: Clock;
  /** May what is large be sent compressed? */
  readonly compression: boolean;
  /** What is to be done at a time, of all connections. */
  readonly agenda: Agenda;
  readonly createId: IdSource;
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number;
  readonly observer: Observer;
  readonly origins: Origins;
  /** Where those that have closed are remembered; undefined: they are not. */
  readonly closedConnections: { add(report: ConnectionReport): void } | undefined;
  /** The values of scope `"app"`. */
  readonly appValues: { get(definition: DependencyDefinition): unknown };
  /** What a test put in the place of a dependency. */
  readonly overrides: ReadonlyMap<DependencyDefinition, Override>;
}

export type Override = (given: { readonly request: Handshake; readonly token: string }) => unknown;

/** Hands an error that no client can be told to whoever watches. */
export function report(
  observer: Observer,
  error: unknown,
  at: { during: string; connection?: string | undefined; endpoint?: string | undefined },
): void {
  observer.counters.handlerErrors += 1;
  observer.happened({
    event: "error",
    error,
    during: at.during,
    connection: at.connection,
    endpoint: at.endpoint,
  });
}

import type { Clock } from "../base/clock.js";
import type { IdSource } from "../base/ids.js";
import type { App } from "../declare/app.js";
import type { Credential, CredentialRequest, Identity } from "../declare/credential.js";
import type { Turn } from "../delivery/turn.js";
import type { Hub } from "../hub/hub.js";
import type { Observer } from "../observe/observe.js";

/** What every connection of a running app shares. */
export interface Environment {
  readonly app: App;
  readonly hub: Hub;
  readonly turn: Turn;
  readonly clock: Clock;
  readonly createId: IdSource;
  readonly observer: Observer;
  /** What a test put in the place of a credential. */
  readonly overrides: ReadonlyMap<Credential, Override>;
  /** The connection of this id has ended: its socket is gone and its `close` handler done. */
  readonly ended: (connection: string) => void;
}

export type Override = (given: CredentialRequest & { readonly token: string }) => Identity | Promise<Identity>;

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

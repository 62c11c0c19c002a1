import { admit, checkUpgrade, subprotocolFor } from "../connection/admission.js";
import { type Environment, report } from "../connection/environment.js";
import { FrameConnection } from "../connection/frame-connection.js";
import type { LiveConnection, LiveConnectionOptions } from "../connection/live-connection.js";
import { MessageConnection } from "../connection/message-connection.js";
import { publicError, refusalClose, refusalResponse } from "../connection/refusal.js";
import type { Route } from "../connection/route.js";
import { defaultLimits } from "../protocol/limits.js";
import { refusalOf } from "../protocol/refusals.js";
import { selectSubprotocol, tidingsV1 } from "../protocol/subprotocol.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { SocketListener, Upgrade } from "../transport/transport.js";
import type { FoundRoute } from "./routes.js";

export interface DoormanOptions {
  readonly environment: Environment;
  readonly isFull: () => boolean;
  readonly began: (connection: LiveConnection) => void;
}

/**
 * Answers each upgrade once, in the order of PROTOCOL.md (Refusing and closing): the first check that fails refuses, and
 * before all have passed no other code of the app runs.
 */
export class Doorman {
  readonly #options: DoormanOptions;
  /** Those whose checks still run: called, it refuses one of them. */
  readonly #waiting = new Set<() => void>();
  #isDraining = false;

  constructor(options: DoormanOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async answer(upgrade: Upgrade, found: FoundRoute | undefined): Promise<void> {
    let offered: readonly string[] | undefined;
    try {
      offered = checkUpgrade(upgrade);
      this.#checkRoom();
      if (found === undefined) throw new TidingsError("not_found", "There is no endpoint at this path.");
      const { route, params } = found;
      const admission = await this.#unlessDraining(admit(upgrade, route, params, this.#options.environment));
      // While the credential was looked at it may have begun to drain, or others may have come.
      this.#checkRoom();
      this.#accept(upgrade, route, offered, admission);
    } catch (error) {
      this.#refuse(upgrade, found?.route, offered, error);
    }
  }

  /** From now on everybody is refused, also those whose checks still run. */
  drain(): void {
    this.#isDraining = true;
    for (const refuse of this.#waiting) refuse();
  }

  #unlessDraining<Value>(checks: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const refuse = () => reject(new TidingsError("draining"));
      this.#waiting.add(refuse);
      checks.then(resolve, reject).finally(() => this.#waiting.delete(refuse));
    });
  }

  #checkRoom(): void {
    if (this.#isDraining) throw new TidingsError("draining");
    if (this.#options.isFull()) throw new TidingsError("overloaded");
  }

  #accept(
    upgrade: Upgrade,
    route: Route,
    offered: readonly string[],
    admission: LiveConnectionOptions["admission"],
  ): void {
    const { environment, began } = this.#options;
    const { messageSize, fragments, close } = route.limits;
    const subprotocol = subprotocolFor(route, offered);
    const { address } = upgrade;
    let connection: LiveConnection | undefined;
    upgrade.accept({ subprotocol, messageSize, fragments, closeMs: close }, (socket) => {
      const options = { socket, route, admission, environment, address };
      const { speaks } = route.endpoint;
      connection =
        speaks.kind === "messages"
          ? new MessageConnection({ ...options, speaks, isOurClient: subprotocol === tidingsV1 })
          : new FrameConnection({ ...options, speaks });
      began(connection);
      return connection;
    });
    connection?.start();
  }

  /** @param offered undefined where it is no WebSocket handshake: then nothing can be said by a close code */
  #refuse(upgrade: Upgrade, route: Route | undefined, offered: readonly string[] | undefined, cause: unknown): void {
    const { environment } = this.#options;
    const error = publicError(cause);
    const endpoint = route?.endpoint;
    if (error !== cause)
      report(environment.observer, cause, { during: "admission", endpoint: endpoint?.pattern.source });

    const byClose = offered !== undefined && (offered.includes(tidingsV1) || endpoint?.refuse === "close");
    const closed = refusalClose(error, endpoint?.closeCodes ?? {});
    environment.observer.counters.handshakesRefused += 1;
    environment.observer.happened({
      event: "refused",
      code: error.code,
      status: byClose ? undefined : refusalOf(error.code).http,
      closeCode: byClose ? closed.code : undefined,
      endpoint: endpoint?.pattern.source,
      address: upgrade.address,
    });
    if (!byClose) {
      upgrade.refuse(refusalResponse(error));
      return;
    }
    const subprotocol = selectSubprotocol(offered, endpoint?.subprotocols ?? []);
    const socket = upgrade.accept({ subprotocol, ...REFUSED }, () => DEAF);
    socket?.close(closed.code, closed.reason);
  }
}

/** For a connection that is closed at once: it says nothing we would listen to. */
const REFUSED = { messageSize: 1_024, fragments: 1, closeMs: defaultLimits.refusalClose };
const DEAF: SocketListener = { text() {}, binary() {}, closing() {}, closed() {} };

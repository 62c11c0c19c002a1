import { Admission } from "../connection/admission.js";
import { type Environment, report } from "../connection/environment.js";
import { FrameConnection } from "../connection/frame-connection.js";
import type { LiveConnection } from "../connection/live-connection.js";
import { MessageConnection } from "../connection/message-connection.js";
import { causeOf, publicError, refusalClose, refusalResponse } from "../connection/refusal.js";
import { splitTarget } from "../connection/request.js";
import type { Route } from "../connection/route.js";
import { checkUpgrade } from "../connection/upgrade-check.js";
import type { TracedHandshake, TracedRefusal } from "../observe/observe.js";
import { wordsOf } from "../protocol/error-words.js";
import { defaultLimits } from "../protocol/limits.js";
import { refusalOf } from "../protocol/refusals.js";
import { selectSubprotocol, tidingsV1 } from "../protocol/subprotocol.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { SocketListener, Upgrade } from "../transport/transport.js";
import type { Place, Places } from "./places.js";
import type { FoundRoute } from "./routes.js";

export interface DoormanOptions {
  readonly environment: Environment;
  readonly places: Places;
  /** Of the sockets of pages, which count among no others. */
  readonly pagePlaces: Places;
  readonly began: (connection: LiveConnection) => void;
  readonly ended: (connection: LiveConnection) => void;
}

/**
 * Answers each upgrade once, in the order of PROTOCOL.md (Refusing and closing): the first check that fails refuses, and
 * before all have passed no other code of the app runs.
 */
export class Doorman {
  readonly #options: DoormanOptions;
  /** Those whose checks still run: called, it refuses one of them. */
  readonly #waiting = new Set<() => void>();
  /** What was made for somebody who was refused is being disposed of. */
  readonly #disposing = new Set<Promise<void>>();
  #isDraining = false;

  constructor(options: DoormanOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async answer(upgrade: Upgrade, found: FoundRoute | undefined): Promise<void> {
    const { tracing } = this.#options.environment.observer;
    const answer = () => this.#answer(upgrade, found);
    if (tracing === undefined) await answer();
    else await tracing.handshake(tracedOf(upgrade, found), answer);
  }

  /** Resolves with why it was refused. */
  async #answer(upgrade: Upgrade, found: FoundRoute | undefined): Promise<TracedRefusal | undefined> {
    const { environment, places, pagePlaces } = this.#options;
    const caller: Caller = { upgrade, route: found?.route, offered: undefined, place: undefined, admission: undefined };
    try {
      caller.offered = checkUpgrade(upgrade);
      // Who looks at what is wrong must come in where the app is full.
      caller.place = (found?.enter === undefined ? places : pagePlaces).knock();
      if (this.#isDraining) throw new TidingsError("draining");
      if (caller.place === undefined) throw new TidingsError("overloaded");
      caller.place.enter();
      if (found === undefined) throw new TidingsError("not_found", "There is no endpoint at this path.");
      const { route, params, enter } = found;
      caller.place.takeAddress(upgrade.address);
      const admission = new Admission({ upgrade, route, params, offered: caller.offered, environment });
      caller.admission = admission;
      const checks =
        enter === undefined ? admission.check() : enter(upgrade, admission.id).then(() => admission.check());
      if (checks !== undefined) await this.#unlessDraining(checks);
      // It may have begun between the last check and this line.
      if (this.#isDraining) throw new TidingsError("draining");
      this.#accept(upgrade, route, caller.offered, admission, caller.place);
      return undefined;
    } catch (error) {
      return this.#refuse(caller, error);
    }
  }

  /** From now on everybody is refused, also those whose checks still run. */
  drain(): void {
    this.#isDraining = true;
    for (const refuse of this.#waiting) refuse();
  }

  /** Resolves when nothing is left of those who were refused. */
  async finish(): Promise<void> {
    await Promise.all(this.#disposing);
  }

  #unlessDraining(checks: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = () => reject(new TidingsError("draining"));
      this.#waiting.add(refuse);
      checks.then(resolve, reject).finally(() => this.#waiting.delete(refuse));
    });
  }

  #accept(upgrade: Upgrade, route: Route, offered: readonly string[], admission: Admission, place: Place): void {
    const { environment, began, ended } = this.#options;
    const { messageSize, fragments, close } = route.limits;
    const subprotocol = selectSubprotocol(offered, route.endpoint.subprotocols);
    let connection: LiveConnection | undefined;
    const { compression } = environment;
    upgrade.accept({ subprotocol, compression, messageSize, fragments, closeMs: close }, (socket) => {
      const isOurClient = subprotocol === tidingsV1;
      const options = { socket, route, admission, environment, place, ended, isOurClient };
      const { speaks } = route.endpoint;
      connection =
        speaks.kind === "messages"
          ? new MessageConnection({ ...options, speaks })
          : new FrameConnection({ ...options, speaks });
      began(connection);
      return connection;
    });
    if (connection !== undefined) {
      connection.start();
      return;
    }
    // The peer has hung up meanwhile.
    place.leave();
    this.#dispose(admission);
  }

  #refuse({ upgrade, route, offered, place, admission }: Caller, cause: unknown): TracedRefusal {
    const { environment } = this.#options;
    const error = publicError(cause);
    const endpoint = route?.endpoint;
    if (admission !== undefined) this.#dispose(admission);
    place?.refuse();
    if (error !== cause)
      report(environment.observer, cause, { during: "admission", endpoint: endpoint?.pattern.source });

    // By HTTP where it is no WebSocket handshake, and where there are so many at the door already that none may stay.
    const canStay = offered !== undefined && place !== undefined;
    const byClose = canStay && (offered.includes(tidingsV1) || endpoint?.refuse === "close");
    const closed = refusalClose(error, endpoint?.closeCodes ?? {});
    environment.observer.counters.handshakesRefused += 1;
    const refused = {
      code: error.code,
      status: byClose ? undefined : refusalOf(error.code).http,
      closeCode: byClose ? closed.code : undefined,
    };
    const traced = { ...refused, error: error === cause ? undefined : cause };
    environment.observer.happened({
      event: "refused",
      ...refused,
      reason: wordsOf(error),
      detail: causeOf(error) ?? (route === undefined ? quotedPathOf(upgrade.target) : undefined),
      endpoint: endpoint?.pattern.source,
      address: upgrade.address,
    });
    if (!byClose) {
      upgrade.refuse(refusalResponse(error));
      place?.leave();
      return traced;
    }
    const subprotocol = selectSubprotocol(offered, endpoint?.subprotocols ?? []);
    const socket = upgrade.accept({ subprotocol, ...REFUSED }, () => deafUntil(() => place?.leave()));
    if (socket === undefined) place?.leave();
    socket?.close(closed.code, closed.reason);
    return traced;
  }

  #dispose(admission: Admission): void {
    const ended = admission.end();
    if (ended === undefined) return;
    const disposing = ended.finally(() => this.#disposing.delete(disposing));
    this.#disposing.add(disposing);
  }
}

function tracedOf(upgrade: Upgrade, found: FoundRoute | undefined): TracedHandshake {
  const endpoint = found?.route.endpoint.pattern.source;
  return { endpoint, address: upgrade.address, trace: upgrade.header("traceparent") };
}

/** Whoever asks to come in, as far as it is known who it is. */
interface Caller {
  readonly upgrade: Upgrade;
  readonly route: Route | undefined;
  /** Undefined where it is no WebSocket handshake: then nothing can be said by a close code. */
  offered: readonly string[] | undefined;
  place: Place | undefined;
  admission: Admission | undefined;
}

/** For a connection that is closed at once. */
const REFUSED = { compression: false, messageSize: 1_024, fragments: 1, closeMs: defaultLimits.refusalClose };

/** It says nothing we would listen to. */
function deafUntil(closed: () => void): SocketListener {
  return { text() {}, binary() {}, ping() {}, pong() {}, closing() {}, closed };
}

/** What somebody dialled, without what may be a token. */
function quotedPathOf(target: string): string {
  return `the path is ${JSON.stringify(splitTarget(target).path.slice(0, LOGGED_PATH))}`;
}

const LOGGED_PATH = 200;

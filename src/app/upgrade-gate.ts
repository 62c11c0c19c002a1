import type { HttpRequest, HttpServer } from "../declare/app.js";

/** Whoever is attached to a server. */
export interface Attached {
  readonly isOurs: (request: HttpRequest) => boolean;
  /** Answers what a server's `upgrade` event gives. */
  readonly take: (...args: readonly unknown[]) => void;
}

/**
 * Lets an app have its upgrades before any listener of the server hears of them, and gives how to let go again.
 *
 * A listener can't keep an upgrade from the others, and some spoil what is not theirs: `ws`, given a server and a path, refuses
 * every other path with 400, into the socket that we have accepted; Next ends a socket whose path is that of a page.
 */
export function attachTo(server: HttpServer, app: Attached): () => void {
  const gate = gates.get(server) ?? new UpgradeGate(server);
  gates.set(server, gate);
  gate.add(app);
  return () => {
    if (gate.remove(app) === 0) gates.delete(server);
  };
}

const gates = new WeakMap<HttpServer, UpgradeGate>();

/** The gate of one server: of two apps the first has what both have, such as a dashboard. */
class UpgradeGate {
  readonly #server: HttpServer;
  readonly #apps = new Set<Attached>();
  readonly #emit: HttpServer["emit"];
  readonly #gated: HttpServer["emit"];

  constructor(server: HttpServer) {
    this.#server = server;
    const { emit } = server;
    this.#emit = emit;
    this.#gated =
      emit &&
      ((event, ...args) => {
        const app = event === "upgrade" ? this.#ownerOf(args) : undefined;
        if (app === undefined) return emit.call(server, event, ...args);
        app.take(...args);
        return true;
      });
    if (emit !== undefined) server.emit = this.#gated;
    // Without a listener an upgrade would be read as a request.
    server.on("upgrade", this.#listen);
  }

  add(app: Attached): void {
    this.#apps.add(app);
  }

  /** Gives how many are left; with the last one it is gone. */
  remove(app: Attached): number {
    this.#apps.delete(app);
    if (this.#apps.size > 0) return this.#apps.size;
    this.#server.off("upgrade", this.#listen);
    // Somebody else may have put theirs around it: then it stays in between, and takes nothing.
    if (this.#server.emit === this.#gated) this.#server.emit = this.#emit;
    return 0;
  }

  /** A path of no endpoint is somebody else's, unless nobody else is there: then it would hang for ever. */
  readonly #listen = (...args: readonly unknown[]): void => {
    const [first] = this.#apps;
    const isAlone = this.#server.listenerCount("upgrade") === 1;
    // What stands in for a server need not have its events go through `emit`.
    const app = this.#ownerOf(args) ?? (isAlone ? first : undefined);
    app?.take(...args);
  };

  #ownerOf([request]: readonly unknown[]): Attached | undefined {
    return [...this.#apps].find(({ isOurs }) => isOurs(request as HttpRequest)); // as the event has it
  }
}

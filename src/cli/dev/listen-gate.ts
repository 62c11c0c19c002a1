import { Server } from "node:net";

/** What a server of this process waits for before it listens: the port may be that of the process before. */
export interface ListenGate {
  readonly isOpen: () => boolean;
  readonly opens: () => Promise<void>;
  /** A server listens. */
  readonly listening: () => void;
}

/**
 * Every server of this process, also one of a framework that an app is attached to, listens when it may. To listen tells its
 * result by an event at all times, so nobody sees a difference but the later moment.
 */
export function gateListening({ isOpen, opens, listening }: ListenGate): void {
  const { listen } = Server.prototype;
  // The arguments are handed on as they are, whichever of its forms they belong to.
  Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
    this.once("listening", listening);
    if (isOpen()) return Reflect.apply(listen, this, args);
    opens()
      .then(() => Reflect.apply(listen, this, args))
      .catch((error: unknown) => this.emit("error", error));
    return this;
  };
}

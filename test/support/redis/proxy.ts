import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A way to `target` by a port of its own, on which a test makes trouble. Disposing of it cuts it. */
export async function startProxy(target: { readonly host: string; readonly port: number }): Promise<RedisProxy> {
  const server = createServer({ pauseOnConnect: true });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return new RedisProxy(server, target);
}

export class RedisProxy implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly #server: Server;
  readonly #routes = new Set<Route>();
  #isCut = false;
  #isHeld = false;

  /** Use `startProxy`. */
  constructor(server: Server, target: { readonly host: string; readonly port: number }) {
    this.#server = server;
    this.port = Number(Object(server.address()).port);
    server.on("connection", (near) => {
      if (this.#isCut) return void near.destroy();
      const route = new Route(near, connect({ host: target.host, port: target.port }), () =>
        this.#routes.delete(route),
      );
      this.#routes.add(route);
      if (!this.#isHeld) route.flow();
    });
  }

  /** Of a Redis without TLS, for its user `default`. */
  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  /** How many go through it now. */
  get connections(): number {
    return this.#routes.size;
  }

  /** Ends all connections, both ways and with what is on them, and each new one as soon as it is there. */
  cut(): void {
    this.#isCut = true;
    for (const route of this.#routes) route.cut();
  }

  /** Lets through who dials from now on. */
  mend(): void {
    this.#isCut = false;
  }

  /** From now on nothing comes through, either way, also for who dials now. The connections stay; the bytes wait. */
  hold(): void {
    this.#isHeld = true;
    for (const route of this.#routes) route.hold();
  }

  /** Lets the bytes go that have waited, in their order, and those to come. */
  release(): void {
    this.#isHeld = false;
    for (const route of this.#routes) route.flow();
  }

  /**
   * From now on what the target says to those that are connected gets lost, while it hears them. Who dials from now on is
   * answered.
   *
   * @returns resolves when the first of it got lost
   */
  dropReplies(): Promise<void> {
    if (this.#routes.size === 0) throw new Error("Nobody is connected whose replies could be dropped.");
    return Promise.race([...this.#routes].map((route) => route.dropReplies()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** One connection: the near end is whoever has dialled, the far end the target. */
class Route {
  readonly #near: Socket;
  readonly #far: Socket;
  #isDeaf = false;
  #isFlowing = false;

  constructor(near: Socket, far: Socket, ended: () => void) {
    this.#near = near;
    this.#far = far;
    // Small messages are to go when they come.
    for (const end of [near, far]) end.setNoDelay(true);
    let hasEnded = false;
    for (const end of [near, far]) {
      end.on("error", () => {}); // the other end is told by the close
      end.once("close", () => {
        this.cut();
        if (!hasEnded) ended();
        hasEnded = true;
      });
    }
  }

  flow(): void {
    if (this.#isFlowing) return;
    this.#isFlowing = true;
    this.#near.pipe(this.#far);
    if (this.#isDeaf) this.#far.resume();
    else this.#far.pipe(this.#near);
  }

  hold(): void {
    this.#isFlowing = false;
    this.#near.unpipe(this.#far).pause();
    this.#far.unpipe(this.#near).pause();
  }

  /** Resolves when something got lost. */
  dropReplies(): Promise<void> {
    this.#isDeaf = true;
    this.#far.unpipe(this.#near).pause();
    const lost = new Promise<void>((resolve) => this.#far.once("data", () => resolve()));
    if (this.#isFlowing) this.#far.resume();
    return lost;
  }

  cut(): void {
    this.#near.destroy();
    this.#far.destroy();
  }
}

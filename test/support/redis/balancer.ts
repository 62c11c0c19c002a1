import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * What stands in front of several servers, as a balancer without sticky sessions does: each connection goes to the first
 * that takes it. Disposing of it ends all of them.
 */
export class Balancer implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #ports: readonly number[];

  /** @param urls in the order in which they are tried */
  static async to(...urls: readonly string[]): Promise<Balancer> {
    const server = createServer({ pauseOnConnect: true });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new Balancer(server, urls);
  }

  private constructor(server: Server, urls: readonly string[]) {
    this.#server = server;
    this.#ports = urls.map(portOf);
    this.url = `http://127.0.0.1:${Object(server.address()).port}`;
    server.on("connection", (near) => {
      this.#own(near);
      this.#route(near, this.#ports);
    });
  }

  /** Whoever is there loses the connection, without a close frame, and whoever comes goes to these. */
  lead(...urls: readonly string[]): void {
    this.#ports = urls.map(portOf);
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.lead();
    this.#server.close();
    await once(this.#server, "close");
  }

  #route(near: Socket, [port, ...others]: readonly number[]): void {
    if (port === undefined) return void near.destroy();
    const far = connect(port, "127.0.0.1");
    this.#own(far);
    const tryNext = () => this.#route(near, others);
    far.once("error", tryNext);
    far.once("connect", () => {
      far.off("error", tryNext);
      near.pipe(far).pipe(near);
      near.once("close", () => far.destroy());
      far.once("close", () => near.destroy());
    });
  }

  #own(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {}); // the other end is told by the close
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A line to a server that a test cuts and mends: what is on it is lost when it is cut, without a close frame. */
export class CutLine implements AsyncDisposable {
  /** The server's address by this line. */
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Nothing comes back from the server, until it is cut. */
  #isDeaf = false;
  #isCut = false;

  static async to(url: string): Promise<CutLine> {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new CutLine(server, Number(new URL(url).port));
  }

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${Object(server.address()).port}`;
    server.on("connection", (near) => {
      if (this.#isCut) return void near.destroy();
      const far = connect(port, "127.0.0.1");
      near.pipe(far);
      far.on("data", (bytes) => this.#isDeaf || near.write(bytes));
      far.on("end", () => near.end());
      for (const [end, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(end);
        end.on("error", () => {}); // the other end is told by the close
        end.once("close", () => {
          this.#sockets.delete(end);
          other.destroy();
        });
      }
    });
  }

  /** What the server says from now on gets lost. */
  deafen(): void {
    this.#isDeaf = true;
  }

  /** Whoever is on it loses the connection, and nobody comes through any more. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
    this.#isDeaf = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }
}

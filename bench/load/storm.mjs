import { Comer } from "./comer.mjs";
import { headersFor } from "./dialects.mjs";

/** Many who come at once, go at once, and come back. Each is somebody else, and the same when they come back. */
export class Storm {
  #port;
  #path;
  #comers;

  /** @param {{ ports: readonly number[], path: string, count: number }} options */
  constructor({ ports, path, count }) {
    this.#port = ports[0];
    this.#path = path;
    this.#comers = Array.from({ length: count }, () => new Comer());
  }

  /**
   * The first so many of them dial, none waiting for another; done when all have what they have to have.
   *
   * @param {{ count: number, missed?: number }} how
   */
  async come({ count, missed }) {
    const dialling = this.#first(count).map((comer, index) => {
      const headers = headersFor(`user-${index + 1}`, { compression: false });
      return { comer, where: { port: this.#port, path: this.#path, headers } };
    });
    const beganMs = performance.now();
    await Promise.all(dialling.map(({ comer, where }) => comer.come(where, { missed })));
    return { seconds: (performance.now() - beganMs) / 1_000 };
  }

  async hear({ count, events }) {
    await Promise.all(this.#first(count).map((comer) => comer.hear(events)));
  }

  go() {
    for (const comer of this.#comers) comer.go();
  }

  end() {
    this.go();
  }

  #first(count) {
    return this.#comers.slice(0, count);
  }
}

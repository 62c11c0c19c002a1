import { Client } from "./client.mjs";
import { dialects, headersFor } from "./dialects.mjs";

/** Messages that may be on their way at once, and the slots in which their arrivals are counted. */
const SLOTS = 1 << 12;

/** All clients of one server, or of several that are one to them, in groups by what they are for. */
export class Crowd {
  #options;
  #dialect;
  #users = 0;
  #failure = withResolvers();
  /** @type {Map<string, Client[]>} */
  #groups = new Map();

  /** @param {{ ports: readonly number[], dialect: string, compression: boolean, textLength: number }} options */
  constructor(options) {
    this.#options = options;
    this.#dialect = dialects[options.dialect];
    this.#failure.promise.catch(() => {});
  }

  /**
   * Opens connections, at most so many handshakes at once. Tokens are signed before the first.
   *
   * @param {{ group: string, path: string, count: number, atOnce: number, server?: number }} what `#` in the path is the
   * connection's number; the first server by default
   */
  async dial({ group, path, count, atOnce, server = 0 }) {
    const clients = this.#groups.get(group) ?? [];
    this.#groups.set(group, clients);
    const options = Array.from({ length: count }, (_, index) => {
      this.#users += 1;
      return {
        port: this.#options.ports[server],
        path: this.#dialect.target(path.replace("#", String(index))),
        headers: headersFor(`user-${this.#users}`, this.#options),
        greeting: this.#dialect.greeting,
      };
    });
    let next = 0;
    const beganMs = performance.now();
    const dialers = Array.from({ length: Math.min(atOnce, count) }, async () => {
      while (next < count) {
        const client = await Client.open(options[next++]);
        client.onGone = () => this.#failure.reject(new Error("The server closed a connection."));
        clients.push(client);
      }
    });
    await this.#unlessFailed(Promise.all(dialers));
    return { seconds: (performance.now() - beganMs) / 1000, isCompressing: clients[0]?.isCompressing === true };
  }

  /**
   * Speakers publish, so many messages in flight; one is done when every listener has it. For so long, then until all
   * are done.
   *
   * @param {{ speakers: string, listeners: string, inFlight: number, forMs: number }} what
   */
  publish({ speakers, listeners, inFlight, forMs }) {
    const from = this.#group(speakers);
    const to = this.#group(listeners);
    const frame = this.#dialect.message("say", { text: textOf(this.#options.textLength) });
    const heard = new Uint16Array(SLOTS);
    const untilMs = performance.now() + forMs;
    const compressedBefore = to[0].reader.compressed;
    to[0].reader.wantsSample = true;
    let said = 0;
    let done = 0;
    let reads = 0;
    let isOver = false;
    return this.#unlessFailed(
      new Promise((resolve) => {
        const say = () => {
          from[said % from.length].write(frame);
          said += 1;
        };
        const finish = () => {
          for (const client of to) client.onMessages = () => {};
          const { sample, compressed } = to[0].reader;
          resolve({
            published: done,
            delivered: done * to.length,
            frameBytes: sample?.length,
            sample: sample?.toString("latin1").slice(0, 200),
            compressed: compressed - compressedBefore,
            // About what the server put into one write.
            framesPerRead: (done * to.length) / reads,
          });
        };
        for (const client of to) {
          let count = 0;
          client.onMessages = (messages) => {
            reads += 1;
            for (let last = count + messages; count < last; count += 1) {
              const slot = count % SLOTS;
              heard[slot] += 1;
              if (heard[slot] < to.length) continue;
              heard[slot] = 0;
              done += 1;
              isOver ||= performance.now() >= untilMs;
              if (!isOver) say();
              else if (done === said) finish();
            }
          };
        }
        for (let index = 0; index < inFlight; index += 1) say();
      }),
    );
  }

  /**
   * Each client of a group asks, and asks again when it is answered.
   *
   * @param {{ group: string, forMs: number }} what
   */
  echo({ group, forMs }) {
    const clients = this.#group(group);
    const frame = this.#dialect.request("echo", { text: textOf(this.#options.textLength) });
    const untilMs = performance.now() + forMs;
    const { reader } = clients[0];
    reader.wantsSample = true;
    let answered = 0;
    let asking = clients.length;
    return this.#unlessFailed(
      new Promise((resolve) => {
        for (const client of clients) {
          client.onMessages = (messages) => {
            answered += messages;
            if (performance.now() < untilMs) {
              client.write(frame);
              return;
            }
            asking -= 1;
            if (asking > 0) return;
            for (const each of clients) each.onMessages = () => {};
            resolve({
              delivered: answered,
              frameBytes: reader.sample?.length,
              sample: reader.sample?.toString("latin1").slice(0, 200),
            });
          };
          client.write(frame);
        }
      }),
    );
  }

  /** Everyone of a group goes, without a word. */
  hangUp({ group }) {
    for (const client of this.#group(group)) client.end();
    this.#groups.delete(group);
  }

  end() {
    for (const clients of this.#groups.values()) for (const client of clients) client.end();
  }

  #group(name) {
    const clients = this.#groups.get(name);
    if (clients === undefined) throw new Error(`Nobody was dialled as "${name}".`);
    return clients;
  }

  #unlessFailed(work) {
    return Promise.race([work, this.#failure.promise]);
  }
}

/** Words, not one letter over and over: a compressor must have something to do. */
function textOf(length) {
  const words = "the quick brown fox jumps over a lazy dog while seven wizards mix 12 vials of blue ink at dawn ".split(
    " ",
  );
  let text = "";
  for (let index = 0; text.length < length; index += 1) text += `${words[(index * 7 + (index >> 3)) % words.length]} `;
  return text.slice(0, length);
}

/** `Promise.withResolvers` of Node 22. */
function withResolvers() {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
}

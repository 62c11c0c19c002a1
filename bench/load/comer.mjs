import { Client } from "./client.mjs";
import { maskedPong, maskedText } from "./frame-reader.mjs";
import { TextReader } from "./text-reader.mjs";

/**
 * Somebody who comes, goes, and comes back to where they were: a client of `tidings.v1` on one channel, that looks at each
 * event. The n-th of a channel begins with its number, so it can tell a hole, a double, a wrong order and a wrong event.
 */
export class Comer {
  #client;
  /** Where it stands. */
  #position;
  /** Where it told the server that it stood. */
  #since;
  /** The last event that it waits for; undefined: it waits to be on the channel. */
  #upTo;
  #isOn = false;
  #wrong;
  #waiting;

  /**
   * Done when it is on the channel, and has heard so many events that it had missed.
   *
   * @param {{ port: number, path: string, headers: Record<string, string> }} where
   * @param {{ missed?: number }} how undefined: it does not tell where it was
   */
  async come({ port, path, headers }, { missed }) {
    const since = missed === undefined ? undefined : { ...this.#position };
    this.#isOn = false;
    this.#since = since;
    this.#upTo = since && since.offset + missed;
    const done = new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    // It may fail before anybody looks.
    done.catch(() => {});
    const reader = new TextReader(
      (text) => this.#hear(JSON.parse(text)),
      (code, reason) => this.#fail(`It was closed with ${code} ${reason}.`),
      () => this.#client.write(maskedPong),
    );
    this.#client = await Client.open({ port, path, headers: { ...headers, ...TIDINGS }, greeting: undefined, reader });
    this.#client.onGone = () => this.#fail("The server hung up.");
    this.#client.write(maskedText(JSON.stringify({ type: "connect", payload: connectPayload(since) })));
    await done;
  }

  /** Done when it has heard so many more; they may have come. */
  hear(events) {
    this.#upTo += events;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#wrong === undefined) this.#look();
      else this.#fail(this.#wrong);
    });
  }

  /** Without a word. */
  go() {
    this.#client?.end();
  }

  #hear({ type, offset, channel, payload }) {
    if (type === "said") this.#hearEvent(offset, payload.text);
    else if (type === "subscribed") this.#hearSubscribed(channel, payload);
    else if (type === "ping") this.#client.write(maskedText('{"type":"pong"}'));
    else if (type !== "connected") this.#fail(`It was told ${JSON.stringify({ type, payload })}.`);
  }

  #hearSubscribed(channel, { epoch, offset, recovered }) {
    const since = this.#since;
    if (recovered !== (since && true)) this.#fail(`It was told recovered: ${recovered}.`);
    if (since !== undefined && (since.epoch !== epoch || since.offset !== offset)) {
      this.#fail(`It came back to ${since.epoch} ${since.offset}, and was put at ${epoch} ${offset}.`);
    }
    this.#position = { channel, epoch, offset };
    this.#isOn = true;
    this.#look();
  }

  #hearEvent(offset, text) {
    const next = this.#position.offset + 1;
    if (!this.#isOn) this.#fail(`Event ${offset} came before it was on the channel.`);
    else if (offset !== next) this.#fail(`Event ${offset} came in the place of ${next}.`);
    else if (!text.startsWith(`${offset} `)) this.#fail(`Event ${offset} says "${text}".`);
    this.#position.offset = offset;
    this.#look();
  }

  #look() {
    if (this.#upTo === undefined || this.#position.offset >= this.#upTo) this.#waiting.resolve();
  }

  #fail(why) {
    this.#wrong ??= why;
    this.#waiting.reject(new Error(why));
  }
}

const TIDINGS = { "Sec-WebSocket-Protocol": "tidings.v1" };

function connectPayload(since) {
  if (since === undefined) return {};
  const { channel, epoch, offset } = since;
  return { since: { [channel]: { epoch, offset } } };
}

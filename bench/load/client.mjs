import { connect } from "node:net";
import { FrameReader, maskedPong } from "./frame-reader.mjs";

/** All sockets of this process read into it, one after the other: what is read is counted at once. */
const buffer = Buffer.allocUnsafe(256 * 1024);

/**
 * One connection to a server, on a bare TCP socket.
 *
 * @typedef {object} ClientOptions
 * @property {number} port
 * @property {string} path
 * @property {Record<string, string>} headers
 * @property {import("./dialects.mjs").Greeting | undefined} greeting what is said after the handshake, before it is open
 * @property {{ take(bytes: Uint8Array, length: number, from?: number): number }} [reader] one that counts by default
 */
export class Client {
  /** Called with the number of messages that came. */
  onMessages = () => {};
  onGone = () => {};
  reader;
  #socket;

  /**
   * Resolves when the handshake is done.
   *
   * @param {ClientOptions} options
   * @returns {Promise<Client>}
   */
  static open(options) {
    return new Promise((resolve, reject) => new Client(options, resolve, reject));
  }

  constructor({ port, path, headers, greeting, reader }, opened, failed) {
    this.reader = reader ?? new FrameReader(() => this.#socket.write(maskedPong));
    let response = "";
    let greetings = greeting?.messages ?? 0;
    const give = (messages) => {
      if (greetings === 0) this.onMessages(messages);
      else {
        greetings -= messages;
        if (greetings > 0) this.#socket.write(greeting.answer);
        else opened(this);
      }
    };
    const read = (length, bytes) => {
      if (response === undefined) {
        const messages = this.reader.take(bytes, length);
        if (messages > 0) give(messages);
      } else {
        const before = response.length;
        response += bytes.latin1Slice(0, length);
        const end = response.indexOf("\r\n\r\n");
        if (end < 0) return true;
        if (!response.startsWith("HTTP/1.1 101")) {
          failed(new Error(`The handshake was answered ${response.slice(0, 200)}`));
          this.#socket.destroy();
          return true;
        }
        this.isCompressing = /^sec-websocket-extensions:.*permessage-deflate/im.test(response);
        response = undefined;
        if (greetings === 0) opened(this);
        const messages = this.reader.take(bytes, length, end + 4 - before);
        if (messages > 0) give(messages);
      }
      return true;
    };
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true, onread: { buffer, callback: read } });
    this.#socket.write(
      [
        `GET ${path} HTTP/1.1`,
        `Host: 127.0.0.1:${port}`,
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
        "\r\n",
      ].join("\r\n"),
    );
    this.#socket.on("error", failed);
    this.#socket.on("close", () => {
      failed(new Error("The server hung up."));
      this.onGone();
    });
  }

  /** @param {Buffer} frame */
  write(frame) {
    this.#socket.write(frame);
  }

  end() {
    this.onGone = () => {};
    // No TIME_WAIT: the next server's clients need the ports.
    this.#socket.resetAndDestroy();
  }
}

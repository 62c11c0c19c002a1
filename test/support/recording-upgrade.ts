import { answerDeflateOffer } from "../../src/transport/deflate-offer.js";
import type { AcceptOptions, RefusalResponse, Socket, SocketListener, Upgrade } from "../../src/transport/transport.js";
import { RecordingSocket } from "./recording-socket.js";

export interface UpgradeOf {
  readonly method?: string | undefined;
  readonly httpVersion?: string | undefined;
  readonly target?: string | undefined;
  /** Names in lower case; undefined takes one of a handshake's own away. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly address?: string | undefined;
  readonly isSecure?: boolean | undefined;
}

/** A handshake that keeps how it was answered. */
export class RecordingUpgrade implements Upgrade {
  readonly method: string;
  readonly httpVersion: string;
  readonly target: string;
  readonly address: string;
  readonly isSecure: boolean;
  readonly isGone = false;
  readonly socket: RecordingSocket = new RecordingSocket();
  accepted: AcceptOptions | undefined;
  listener: SocketListener | undefined;
  refused: RefusalResponse | undefined;
  readonly #headers: Headers;

  constructor({
    method = "GET",
    httpVersion = "1.1",
    target = "/",
    headers,
    address = "127.0.0.1",
    isSecure = false,
  }: UpgradeOf = {}) {
    this.method = method;
    this.httpVersion = httpVersion;
    this.target = target;
    this.address = address;
    this.isSecure = isSecure;
    const all = Object.entries({ ...handshakeHeaders, ...headers });
    this.#headers = new Headers(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  get rawHeaders(): readonly string[] {
    return [...this.#headers].flat();
  }

  header(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined;
  }

  accept(options: AcceptOptions, listen: (socket: Socket) => SocketListener): Socket {
    this.accepted = options;
    const offer = this.header("sec-websocket-extensions");
    this.socket.isCompressing = options.compression && answerDeflateOffer(offer) !== undefined;
    this.listener = listen(this.socket);
    return this.socket;
  }

  refuse(response: RefusalResponse): void {
    this.refused = response;
  }

  /** The code it was refused with by HTTP, or the reason it was closed with at once; undefined where it was accepted. */
  get refusal(): string | undefined {
    if (this.refused !== undefined) return (JSON.parse(this.refused.body) as { readonly code: string }).code;
    return this.socket.asked[0]?.split(" ")[2];
  }
}

const handshakeHeaders = {
  host: "localhost",
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

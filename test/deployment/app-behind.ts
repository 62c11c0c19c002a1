import { once } from "node:events";
import { type App, createApp, dependency, type Endpoint, endpoint, rawEndpoint } from "tidings";
import { jwt } from "tidings/auth";
import { WebSocket } from "ws";
import { z } from "zod";
import { otherTlsCertificate } from "../conformance/tls-certificate.js";
import { Inbox } from "../support/inbox.js";
import { LogRecorder } from "../support/log-recorder.js";
import { secret } from "../support/tokens.js";
import { type DialOptions, dial, dialRefused, type Refusal, type WsClient } from "../support/ws-client.js";
import { proxies, type ReverseProxy } from "./reverse-proxy.js";

/** From an address that is not the proxy's: of 127.0.0.0/8 any is this computer's. */
const visitor = { ca: otherTlsCertificate.cert, servername: "localhost", localAddress: "127.0.0.9" };

/** An app behind a proxy of its own computer, to be dialled through that. Disposing of it ends both. */
export class AppBehind implements AsyncDisposable {
  /** How clients have left `/ws/bye`. */
  readonly left: Inbox<string> = new Inbox("The next who left");
  readonly #make: () => App;
  #app: App;
  #port = 0;
  #proxy: ReverseProxy | undefined;

  static async serve(name: keyof typeof proxies, every: "2s" | "1h" = "1h"): Promise<AppBehind> {
    const behind = new AppBehind(every);
    const { port } = await behind.#app.listen(0);
    behind.#port = port;
    behind.#proxy = await proxies[name](port);
    return behind;
  }

  private constructor(every: "2s" | "1h") {
    const bye = endpoint("/ws/bye", { close: (_, { code, reason }) => this.left.put(`${code} ${reason}`) });
    this.#make = () =>
      createApp({
        endpoints: [me, echo, bye] as readonly Endpoint[],
        compression: true,
        trustProxy: ["127.0.0.1"],
        // Given, even so: then every endpoint checks, not only those that take a cookie.
        origins: [],
        heartbeat: { every },
        http: { metrics: false },
        logger: new LogRecorder(),
      });
    this.#app = this.#make();
  }

  /** Of the proxy, such as `https://localhost:20001`. */
  get url(): string {
    return this.#running.url;
  }

  /** The same without TLS. */
  get plainUrl(): string {
    return this.#running.plainUrl;
  }

  dial(path: string, options: DialOptions = {}): Promise<WsClient> {
    return dial(`${this.url}${path}`, { tls: visitor, ...options });
  }

  dialRefused(path: string, options: DialOptions = {}): Promise<Refusal> {
    return dialRefused(`${this.url}${path}`, { tls: visitor, ...options });
  }

  /** The bare socket, which shows pings and extensions. */
  async open(path: string): Promise<WebSocket> {
    const socket = new WebSocket(`${this.url}${path}`, visitor);
    await once(socket, "open");
    return socket;
  }

  close(): Promise<void> {
    return this.#app.close();
  }

  /** At the same port, as a deploy does when the old one has ended. */
  async startAnew(): Promise<void> {
    this.#app = this.#make();
    await this.#app.listen(this.#port);
  }

  /** Gives all that the proxy has written. */
  async stopProxy(): Promise<string> {
    await this.#running.stop();
    return this.#running.written();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy?.[Symbol.asyncDispose]();
    await this.#app.close();
  }

  get #running(): ReverseProxy {
    if (this.#proxy === undefined) throw new Error("The proxy does not run.");
    return this.#proxy;
  }
}

const seen = dependency({ create: ({ request }) => ({ address: request.address, origin: request.url.origin }) });

const me = endpoint("/ws/me", {
  auth: jwt({ secret, claims: z.object({ sub: z.string() }) }),
  needs: { seen },
  receives: { who: z.object({}), leave: z.object({}) },
  on: {
    who: ({ user, seen }) => ({ user: user.sub, ...seen }),
    leave: ({ connection }) => connection.close(4001, "left"),
  },
});

const echo = rawEndpoint("/ws/echo", {
  limits: { messageSize: "8mb" },
  text: ({ connection }, text) => void connection.send(text),
  binary: ({ connection }, bytes) => void connection.send(bytes),
});

import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { HttpRequest, HttpResponse, HttpServer, Listening, ListenOptions, TlsFiles } from "../declare/app.js";
import type { PagesApart } from "../http/app-pages.js";
import type { Limits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Upgrade } from "../transport/transport.js";
import { WsTransport } from "../transport/ws.js";
import { listen, reloadTls, type ServerOptions, stopListening } from "./listen.js";
import { closeOnSignals } from "./signals.js";
import { attachTo } from "./upgrade-gate.js";

/** By which port somebody comes: the app's, or the one that the pages have of their own. */
export type Port = "here" | "apart";

export interface ServersOptions {
  /** Never rejects. */
  readonly answer: (upgrade: Upgrade, port: Port) => Promise<void>;
  /** Is there an endpoint for who asks? */
  readonly isOurs: (request: HttpRequest) => boolean;
  /** Of the app's own servers. */
  readonly onRequest: (request: HttpRequest, response: HttpResponse) => void;
  readonly apart: () => PagesApart | undefined;
  readonly isProxy: (address: string) => boolean;
  readonly close: () => Promise<void>;
}

/** What a server's `upgrade` event gives. */
type UpgradeArguments = [request: IncomingMessage, stream: Duplex, head: Buffer];

/** Where an app can be reached: by servers of its own, by servers that it is attached to, and by the port of its pages. */
export class Servers {
  readonly #options: ServersOptions;
  readonly #ws = new WsTransport();
  readonly #own = new Set<Server>();
  readonly #listening: Listening[] = [];
  readonly #forgetSignals = new Set<() => void>();
  /** With how to let go. */
  readonly #attached = new Map<HttpServer, () => void>();
  /** Where the pages are. */
  #apart: Promise<string> | undefined;

  constructor(options: ServersOptions) {
    this.#options = options;
  }

  /** The app's own, without the port of its pages. */
  get listening(): readonly Listening[] {
    return this.#listening;
  }

  get isAttached(): boolean {
    return this.#attached.size > 0;
  }

  async listen(port: number, options: ListenOptions, limits: Limits): Promise<Listening> {
    // Before the app's own: what can't be listened on is told at once.
    const pages = await this.openPages(limits);
    const listening = await this.#open("here", port, { ...options, limits }, this.#options.onRequest).catch(
      async (error: unknown) => {
        await this.#closePagesUnlessServed();
        throw error;
      },
    );
    this.#forgetSignals.add(closeOnSignals(options.signals ?? ["SIGTERM", "SIGINT"], this.#options.close));
    const found = pages === undefined ? listening : { ...listening, pages };
    this.#listening.push(found);
    return found;
  }

  attach(server: HttpServer): void {
    if (this.#attached.has(server)) throw new TidingsError("already_attached", "This server is attached already.");
    const { answer, isOurs } = this.#options;
    const take = (...args: readonly unknown[]): void => {
      void answer(this.#ws.upgrade(...(args as UpgradeArguments)), "here"); // as the event has it
    };
    this.#attached.set(server, attachTo(server, { isOurs, take }));
  }

  /** Listens on the port that the pages have of their own, where they have one, once. */
  openPages(limits: Limits): Promise<string | undefined> {
    const apart = this.#options.apart();
    if (apart === undefined) return Promise.resolve(undefined);
    if (this.#apart === undefined) {
      const opening = this.#listenApart(apart, limits);
      this.#apart = opening;
      // It may be tried again.
      opening.catch(() => {
        if (this.#apart === opening) this.#apart = undefined;
      });
    }
    return this.#apart;
  }

  reloadTls(tls: TlsFiles): void {
    reloadTls(this.#own, tls);
  }

  /** @param drain is awaited before anything is let go: who comes meanwhile hears that the app drains */
  async close(drain: () => Promise<void>): Promise<void> {
    const attached = [...this.#attached];
    await drain();
    for (const [server, letGo] of attached) {
      letGo();
      this.#attached.delete(server);
    }
    await this.#closeOwn();
    this.#listening.length = 0;
    for (const forget of this.#forgetSignals) forget();
    this.#forgetSignals.clear();
  }

  /** Nobody listens after all: no port is left open. */
  async #closePagesUnlessServed(): Promise<void> {
    if (this.#listening.length === 0 && this.#attached.size === 0) await this.#closeOwn();
  }

  async #closeOwn(): Promise<void> {
    await Promise.all([...this.#own].map(stopListening));
    this.#own.clear();
    this.#apart = undefined;
  }

  async #listenApart({ port, host, answer }: PagesApart, limits: Limits): Promise<string> {
    const onRequest = (request: HttpRequest, response: HttpResponse) => answer(request, response);
    const where = { host, limits, variable: "TIDINGS_HTTP_PORT" } as const;
    return (await this.#open("apart", port, where, onRequest)).url;
  }

  /** A server of the app's own. */
  async #open(
    place: Port,
    port: number,
    options: Omit<ServerOptions, "isProxy">,
    onRequest: ServersOptions["onRequest"],
  ): Promise<Listening> {
    const { server, listening } = await listen(port, { ...options, isProxy: this.#options.isProxy }, onRequest);
    this.#own.add(server);
    server.on("upgrade", (...args: UpgradeArguments) => void this.#options.answer(this.#ws.upgrade(...args), place));
    return listening;
  }
}

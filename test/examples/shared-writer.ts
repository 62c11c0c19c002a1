import { readVarUint } from "lib0/decoding";
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { SAVED } from "../../examples/editor/sync-protocol.js";
import { Inbox } from "../support/inbox.js";

export interface WriterOptions {
  readonly document: string;
  readonly role?: "writer" | "reader";
  readonly token?: string;
}

/** Somebody with a document open, over the provider that Yjs has for everybody. */
export class SharedWriter implements Disposable {
  readonly text: Y.Text;
  readonly provider: WebsocketProvider;
  /** The text after each change of others. */
  readonly heard = new Inbox<string>("A change");
  /** How many of its updates are on the disk, each time that it is told. */
  readonly saved = new Inbox<number>("What is saved");
  /** With which code it was closed for good. */
  readonly ended = new Inbox<number>("The end");
  /** Who is here, as it changes. */
  readonly people = new Inbox<string>("People");

  /** Resolves when it has all that the server has. */
  static async open(url: string, name: string, options: WriterOptions): Promise<SharedWriter> {
    const writer = await SharedWriter.dial(url, name, options);
    await writer.isSynced();
    return writer;
  }

  static async dial(url: string, name: string, options: WriterOptions): Promise<SharedWriter> {
    const query = new URLSearchParams({ name, role: options.role ?? "writer" });
    const token = options.token ?? (await (await fetch(`${url}/token?${query}`)).text());
    return new SharedWriter(url, token, options.document);
  }

  private constructor(url: string, token: string, document: string) {
    const doc = new Y.Doc();
    this.text = doc.getText("text");
    this.provider = new WebsocketProvider(`${url.replace("http", "ws")}/ws/documents`, document, doc, {
      // Of the browser's it has all that is used here.
      WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
      params: { token, tell: "saved" },
      disableBc: true,
    });
    this.provider.messageHandlers[SAVED] = (_, decoder) => this.saved.put(readVarUint(decoder));
    this.provider.on("closed", ({ code }) => this.ended.put(code));
    this.text.observe((_, { origin }) => origin === this.provider && this.heard.put(this.text.toString()));
    this.provider.awareness.on("change", () => this.people.put(this.names()));
  }

  isSynced(): Promise<unknown> {
    return this.provider.synced ? Promise.resolve() : new Promise((resolve) => this.provider.once("sync", resolve));
  }

  /** Resolves when the text is this. */
  async has(text: string): Promise<void> {
    if (this.text.toString() !== text) await this.heard.next((heard) => heard === text);
  }

  write(text: string, at = this.text.length): void {
    this.text.insert(at, text);
  }

  names(): string {
    const states = [...this.provider.awareness.getStates().values()];
    return states
      .map(({ user }) => String(user?.name))
      .sort()
      .join();
  }

  /** The network is lost: nobody is told anything. */
  vanish(): void {
    const { provider } = this;
    provider.shouldConnect = false;
    (provider.ws as unknown as WebSocket).terminate(); // it is of the kind that the provider was given
  }

  [Symbol.dispose](): void {
    this.provider.destroy();
    this.text.doc?.destroy();
  }
}

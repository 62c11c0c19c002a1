import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { AsyncApiDocument } from "../../src/declare/asyncapi-document.js";

/** Asks a server for the document, with these headers. */
export type Ask = (headers: Readonly<Record<string, string>>) => Promise<Response>;

/** What an app says of itself, and whether it says something else by now. */
export class AppDocument {
  readonly #ask: Ask;
  readonly #hasChanged: Signal<boolean> = signal(false);
  #isLooking = false;
  #read: { readonly text: string; readonly etag: string | null } | undefined;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  get hasChanged(): ReadonlySignal<boolean> {
    return this.#hasChanged;
  }

  async read(): Promise<AsyncApiDocument> {
    const response = await this.#ask({});
    if (!response.ok) throw new Error(`asyncapi.json was answered with ${response.status} ${response.statusText}.`);
    this.#read = { text: await response.text(), etag: response.headers.get("etag") };
    return JSON.parse(this.#read.text);
  }

  /** Never rejects: of an app that gives no answer nothing is known. */
  async lookAgain(): Promise<void> {
    if (this.#read === undefined || this.#isLooking || this.#hasChanged.peek()) return;
    this.#isLooking = true;
    try {
      const { text, etag } = this.#read;
      const response = await this.#ask(etag === null ? {} : { "if-none-match": etag });
      this.#hasChanged.value = response.ok && (await response.text()) !== text;
    } catch {
      // The next connection looks again.
    } finally {
      this.#isLooking = false;
    }
  }
}

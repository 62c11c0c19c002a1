import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { TidingsError } from "tidings";
import { SharedDocument } from "./shared-document.js";

/** Documents that the folder may hold, with those that somebody has open and nobody has written in. */
const MAXIMUM = 1_000;

/** A document, until it is let go of. */
export interface DocumentLease extends AsyncDisposable {
  readonly document: SharedDocument;
}

interface Entry {
  readonly document: Promise<SharedDocument>;
  users: number;
}

/** The documents of a folder. One that somebody uses is in memory, once; the last who lets go of it has it closed. */
export class DocumentStore {
  readonly #folder: string;
  readonly #open = new Map<string, Entry>();
  readonly #closing = new Map<string, Promise<void>>();

  static async at(folder: string): Promise<DocumentStore> {
    await mkdir(folder, { recursive: true });
    return new DocumentStore(folder);
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * @param name of small letters, digits and `-`
   * @throws TidingsError `too_many_documents` where it would be one too many, `unavailable` where it is to be read anew
   */
  async acquire(name: string): Promise<DocumentLease> {
    const known = this.#open.get(name);
    const entry = known ?? { document: this.#load(name), users: 0 };
    this.#open.set(name, entry);
    entry.users += 1;
    try {
      const document = await entry.document;
      if (document.isBroken) throw new TidingsError("unavailable");
      return { document, [Symbol.asyncDispose]: () => this.#release(name, entry) };
    } catch (error) {
      await this.#release(name, entry);
      throw error;
    }
  }

  async #release(name: string, entry: Entry): Promise<void> {
    entry.users -= 1;
    if (entry.users > 0) return;
    this.#open.delete(name);
    const closed = entry.document.then(
      (document) => document.close(),
      () => {}, // it was never open
    );
    this.#closing.set(name, closed);
    try {
      await closed;
    } finally {
      this.#closing.delete(name);
    }
  }

  async #load(name: string): Promise<SharedDocument> {
    await this.#closing.get(name)?.catch(() => {}); // told to who released it
    const file = `${name}.yjs`;
    const kept = (await readdir(this.#folder)).filter((each) => each.endsWith(".yjs"));
    const all = new Set([...kept, ...[...this.#open.keys()].map((open) => `${open}.yjs`)]);
    if (all.size > MAXIMUM && !kept.includes(file)) throw new TidingsError("too_many_documents");
    return SharedDocument.open(join(this.#folder, file));
  }
}

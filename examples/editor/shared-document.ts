import type { RawConnection } from "tidings";
import * as Y from "yjs";
import { People } from "./people.js";
import { RECORD_HEADER, UpdateFile } from "./update-file.js";

/** Bytes of one document, as it is kept. */
const DOCUMENT_BYTES = 1_048_576;
/** Updates that are kept one by one: so many are read quickly when it is opened. */
const DOCUMENT_UPDATES = 1_000;

/** It would take more than `DOCUMENT_BYTES`. */
export class DocumentFullError extends Error {}
/** These bytes are no update. */
export class NoUpdateError extends Error {}

export type Peer = Pick<RawConnection<undefined>, "send" | "close">;

/** One document, everybody who has it open, and the file it is kept in. */
export class SharedDocument {
  readonly people = new People();
  readonly #peers = new Set<Peer>();
  readonly #file: UpdateFile;
  /** What is in the file, or on its way there. */
  #updates: readonly Uint8Array[];
  #doc: Y.Doc;
  #isBroken = false;

  static async open(path: string): Promise<SharedDocument> {
    const { file, updates } = await UpdateFile.open(path);
    return new SharedDocument(file, updates);
  }

  private constructor(file: UpdateFile, updates: readonly Uint8Array[]) {
    this.#file = file;
    this.#updates = updates;
    this.#doc = docOf(updates);
  }

  get doc(): Y.Doc {
    return this.#doc;
  }

  /** What is in memory is not what is on the disk: it is to be closed, and opened anew. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  enter(peer: Peer): void {
    this.#peers.add(peer);
  }

  leave(peer: Peer): void {
    this.#peers.delete(peer);
  }

  tell(frame: Uint8Array, except?: Peer): void {
    for (const peer of this.#peers) if (peer !== except) peer.send(frame);
  }

  /**
   * Resolves when it is on the disk: true where it said something new.
   *
   * @throws NoUpdateError and DocumentFullError; then nothing has changed
   */
  async apply(update: Uint8Array): Promise<boolean> {
    checkUpdate(update);
    const writes: Promise<void>[] = [];
    try {
      // The file never takes more than that: when it would, it is written anew as one, without what has become of no use.
      if (!this.#hasRoomFor(update)) writes.push(this.#replace());
      if (!this.#hasRoomFor(update)) throw new DocumentFullError();
      const isNew = this.#merge(update);
      if (isNew) writes.push(this.#append(update));
      return isNew;
    } finally {
      // Whatever became of the update: what is being written is waited for, and where the disk fails all begin anew.
      await Promise.all(writes).catch((error: unknown) => {
        this.#giveUp();
        throw error;
      });
    }
  }

  /** Resolves when all that is in `doc` now is on the disk. */
  get written(): Promise<void> {
    return this.#file.written;
  }

  close(): Promise<void> {
    this.#doc.destroy();
    return this.#file.close();
  }

  #hasRoomFor(update: Uint8Array): boolean {
    const all = [...this.#updates, update];
    const bytes = all.reduce((sum, { byteLength }) => sum + byteLength + RECORD_HEADER, 0);
    return bytes <= DOCUMENT_BYTES && all.length <= DOCUMENT_UPDATES;
  }

  /** False where all of it was known. */
  #merge(update: Uint8Array): boolean {
    const before = this.#doc;
    let isNew = false;
    const note = () => {
      isNew = true;
    };
    before.on("update", note);
    try {
      Y.applyUpdate(before, update);
      checkNothingPending(before);
    } catch (cause) {
      // Some of it may be in there by now.
      before.destroy();
      this.#doc = docOf(this.#updates);
      throw new NoUpdateError("These bytes are no update.", { cause });
    } finally {
      before.off("update", note);
    }
    return isNew;
  }

  #append(update: Uint8Array): Promise<void> {
    this.#updates = [...this.#updates, update];
    return this.#file.append(update);
  }

  #replace(): Promise<void> {
    const all = Y.encodeStateAsUpdate(this.#doc);
    this.#updates = [all];
    return this.#file.replace(all);
  }

  /** All dial again, and are let in when the last of them has gone: see `DocumentStore`. */
  #giveUp(): void {
    this.#isBroken = true;
    for (const peer of this.#peers) peer.close(1011, "internal");
  }
}

function docOf(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc();
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update);
  });
  return doc;
}

/** Reads it to its end. Yjs makes room for what an update says that it holds before it looks; this only looks. */
function checkUpdate(update: Uint8Array): void {
  try {
    Y.decodeUpdate(update);
  } catch (cause) {
    throw new NoUpdateError("These bytes are no update.", { cause });
  }
}

/**
 * Who builds on something that nobody here has seen has made it up: all that a page knows of others it has from here, where
 * it was stored first. Yjs would keep it for later.
 */
function checkNothingPending({ store }: Y.Doc): void {
  if (store.pendingStructs !== null || store.pendingDs !== null)
    throw new RangeError("It builds on what is not there.");
}

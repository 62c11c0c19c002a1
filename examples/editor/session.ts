import type { DocumentLease } from "./document-store.js";
import { DocumentFullError, NoUpdateError, type Peer } from "./shared-document.js";
import { askFrame, missingFrame, peopleFrame, readFrame, type Said, savedFrame, updateFrame } from "./sync-protocol.js";

export interface SessionOptions {
  readonly lease: DocumentLease;
  /** Shown to the others. */
  readonly name: string;
  readonly mayWrite: boolean;
  /** Whether it wants to know what is on the disk. */
  readonly wantsSaved: boolean;
}

/** One connection to one document. */
export class Session implements AsyncDisposable {
  readonly #options: SessionOptions;
  /** Updates of this connection that are on the disk. */
  #saved = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  enter(peer: Peer): void {
    const { document } = this.#options.lease;
    document.enter(peer);
    peer.send(peopleFrame(document.people.all()));
  }

  /** What can't be read, or is not allowed, ends this connection and no other. Codes 44xx mean: don't come back with that. */
  async hear(peer: Peer, frame: Uint8Array): Promise<void> {
    const said = attempt(() => readFrame(frame));
    if (said === undefined) return peer.close(4400, "bad_frame");
    switch (said.kind) {
      case "has":
        return this.#answer(peer, said);
      case "update":
        return this.#update(peer, said);
      case "people":
        return this.#tellPeople(peer, said);
    }
  }

  leave(peer: Peer): void {
    const { document } = this.#options.lease;
    document.leave(peer);
    const gone = document.people.leave(peer);
    if (gone !== undefined) document.tell(peopleFrame(gone));
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#options.lease[Symbol.asyncDispose]();
  }

  async #answer(peer: Peer, { stateVector }: Said & { kind: "has" }): Promise<void> {
    const { lease, mayWrite } = this.#options;
    const missing = attempt(() => missingFrame(lease.document.doc, stateVector));
    if (missing === undefined) return peer.close(4400, "bad_frame");
    await lease.document.written; // nobody is told what a crash could take away
    peer.send(missing);
    // What it has and we lack comes as an update.
    if (mayWrite) peer.send(askFrame(lease.document.doc));
  }

  async #update(peer: Peer, { update }: Said & { kind: "update" }): Promise<void> {
    const { lease, mayWrite, wantsSaved } = this.#options;
    if (!mayWrite) return peer.close(4403, "forbidden");
    try {
      // On the disk before anybody else is told: nobody builds on what a crash could take away.
      const isNew = await lease.document.apply(update);
      if (isNew) lease.document.tell(updateFrame(update), peer);
    } catch (error) {
      if (error instanceof NoUpdateError) return peer.close(4400, "bad_frame");
      if (error instanceof DocumentFullError) return peer.close(4413, "document_full");
      throw error;
    }
    this.#saved += 1;
    if (wantsSaved) peer.send(savedFrame(this.#saved));
  }

  /** To all of them: who hears nothing for half a minute, not even of itself, takes the connection for lost. */
  #tellPeople(peer: Peer, { update }: Said & { kind: "people" }): void {
    const { lease, name } = this.#options;
    const heard = attempt(() => ({ people: lease.document.people.hear(peer, update, name) }));
    if (heard === undefined) peer.close(4400, "bad_frame");
    else if (heard.people !== undefined) lease.document.tell(peopleFrame(heard.people));
  }
}

/** Undefined where it throws: what a stranger sends may be anything. */
function attempt<Result extends object>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

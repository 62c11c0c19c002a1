import type { Closed } from "../declare/closed.js";
import { Inbox } from "./inbox.js";
import { PeerEnd } from "./peer-end.js";
import type { RawTestConnection } from "./test-connection.js";

/** The client's end of a connection whose frames are the app's own. */
export class FramesEnd extends PeerEnd implements RawTestConnection {
  readonly #inbox = new Inbox<string | Uint8Array>((frame) => JSON.stringify(frame));

  get unread(): readonly (string | Uint8Array)[] {
    return this.#inbox.items;
  }

  send(frame: string | Uint8Array): void {
    this.peer.send(frame);
  }

  next(): Promise<string | Uint8Array> {
    return this.#inbox.next("A frame", () => true);
  }

  protected arrive(frame: string | Uint8Array): void {
    this.#inbox.put(frame);
  }

  protected ended({ code, reason }: Closed): void {
    this.#inbox.end(`the connection closed with ${code} ${reason}`.trimEnd());
  }
}

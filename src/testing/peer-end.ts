import type { Closed } from "../declare/closed.js";
import type { MemoryPeer } from "../transport/memory.js";

/** The client's end of a connection in memory. */
export abstract class PeerEnd {
  readonly closed: Promise<Closed>;
  protected readonly peer: MemoryPeer;

  constructor(peer: MemoryPeer) {
    this.peer = peer;
    this.closed = new Promise((resolve) => {
      peer.listen({
        text: (text) => this.arrive(text),
        binary: (bytes) => this.arrive(bytes),
        pong: () => {},
        closed: (code, reason) => {
          this.ended({ code, reason });
          resolve({ code, reason });
        },
      });
    });
  }

  protected abstract arrive(frame: string | Uint8Array): void;
  protected abstract ended(closed: Closed): void;

  close(code?: number, reason?: string): void {
    this.peer.close(code, reason);
  }

  vanish(): void {
    this.peer.vanish();
  }

  /** From now on no ping is answered. */
  ignorePings(): void {
    this.peer.ignorePings();
  }

  startReading(): void {
    this.peer.startReading();
  }

  stopReading(): void {
    this.peer.stopReading();
  }
}

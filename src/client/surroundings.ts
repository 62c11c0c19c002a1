import type { Clock } from "../base/clock.js";

/** What a client needs of the world: a browser's, Node's, or a simulated one. */
export interface Surroundings {
  readonly clock: Clock;
  /** 0 to 1, as `Math.random`. */
  random(): number;
  /** Begins to dial. What can't even be tried throws, or rejects. */
  open(url: string, protocols: readonly string[]): Socket | Promise<Socket>;
  /** What an address without a server is of, such as `https://app.example/page`; undefined: nothing. */
  readonly base: string | undefined;
  /** Calls when the network came back, or went. Gives what ends it. */
  onNetwork?(listener: (isThere: boolean) => void): () => void;
}

/** What the client uses of a WebSocket. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((message: { readonly data: unknown }) => void) | null;
  onerror: ((error: never) => void) | null;
  onclose: ((closed: { readonly code: number; readonly reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

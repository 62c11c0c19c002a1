/**
 * The inflating that `ws` does for one connection, held back while its socket is paused, and cleared up after.
 *
 * By itself `ws` inflates all that one read held, also for a socket that was paused meanwhile: 64 KiB can hold 64 MiB. And it
 * keeps a connection's zlib stream, 25 KB and more, for whoever once sent a compressed message, though without context
 * takeover the next message needs nothing of it.
 */
export class Inflation {
  #isPaused = false;
  #running = 0;
  #held: (() => void) | undefined;

  /** Of a `WebSocket` of `ws`. */
  constructor(webSocket: object) {
    // No door of `ws` leads there. Where it should look otherwise one day, `ws` goes on as it does by itself.
    const { _extensions: extensions } = webSocket as WithExtensions;
    const extension = extensions?.["permessage-deflate"];
    if (extension?.decompress !== undefined && extension.cleanup !== undefined) this.#stepBetween(extension);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const held = this.#held;
    this.#held = undefined;
    held?.();
  }

  #stepBetween(extension: PerMessageDeflate): void {
    const decompress = extension.decompress.bind(extension);
    extension.decompress = (data, isFinal, done) => {
      const run = () => {
        this.#running += 1;
        decompress(data, isFinal, (error, inflated) => {
          this.#running -= 1;
          // Within this call the message is heard, and the next begun where it has come already.
          done(error, inflated);
          if (isFinal && this.#running === 0) extension.cleanup();
        });
      };
      // `ws` waits for one before it asks for the next.
      if (this.#isPaused) this.#held = run;
      else run();
    };
  }
}

/** What of `ws` is not in its types: what it does for a connection that negotiated the extension. */
interface WithExtensions {
  readonly _extensions?: { readonly "permessage-deflate"?: PerMessageDeflate | undefined } | undefined;
}

interface PerMessageDeflate {
  /** A frame's payload, of a message whose last frame is final. */
  decompress(data: Buffer, isFinal: boolean, done: (error: Error | null, inflated?: Buffer) => void): void;
  /** Closes the streams; the next payload opens one again. Must not come while one is inflated. */
  cleanup(): void;
}

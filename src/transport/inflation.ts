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
    if (extension?.decompress === undefined || extension.cleanup === undefined) return;
    if ("Deno" in globalThis) mendFlushes(extension);
    this.#stepBetween(extension);
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

/**
 * On Deno a flush calls back also where it failed, before the error is told. `ws` takes that for done, as on Node it would be,
 * and goes on with a stream that is closed already, which throws where nobody can catch it.
 */
function mendFlushes(extension: PerMessageDeflate): void {
  let stream = extension._inflate;
  Object.defineProperty(extension, "_inflate", {
    get: () => stream,
    set(opened: PerMessageDeflate["_inflate"]) {
      stream = opened;
      if (!opened) return;
      const flush = opened.flush.bind(opened);
      opened.flush = (then) => flush((error) => error || then());
    },
  });
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
  /** The stream, while there is one. */
  _inflate?: { flush(then: (error?: Error | null) => void): void } | null;
}

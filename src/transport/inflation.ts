/**
 * The inflating that `ws` does for one connection, held back while its socket is paused, and cleared up after.
 *
 * By itself `ws` inflates all that one read held, also for a socket that was paused meanwhile: 64 KiB can hold 64 MiB. And it
 * keeps a connection's zlib stream, 25 KB and more, for whoever once sent a compressed message, though without context
 * takeover the next message needs nothing of it.
 */
export class Inflation {
  #isPaused = false;
  #isOver = false;
  #running = 0;
  #held: (() => void) | undefined;

  /** Of a `WebSocket` of `ws`. */
  constructor(webSocket: object) {
    // No door of `ws` leads there. Where it should look otherwise one day, `ws` goes on as it does by itself.
    const { _extensions: extensions } = webSocket as WithExtensions;
    const extension = extensions?.["permessage-deflate"];
    if (extension?.decompress === undefined || extension.cleanup === undefined) return;
    this.#stepBetween(extension, new Streams(extension));
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

  /** Nothing is heard any more: what still comes is not inflated. */
  stop(): void {
    this.#isOver = true;
  }

  #stepBetween(extension: PerMessageDeflate, streams: Streams): void {
    extension.decompress = (data, isFinal, done) => {
      const run = () => {
        // `ws` is not to be called back before this has returned.
        if (this.#isOver) return queueMicrotask(() => done(null, NOTHING));
        this.#running += 1;
        streams.inflate(data, isFinal, (error, inflated) => {
          this.#running -= 1;
          // Within this call the message is heard, and the next begun where it has come already.
          done(error, inflated);
          if (isFinal && this.#running === 0) streams.close();
        });
      };
      // `ws` waits for one before it asks for the next.
      if (this.#isPaused) this.#held = run;
      else run();
    };
  }
}

/**
 * Inflates all of a message. A peer may end a DEFLATE stream, and begin another, in the midst of it (BFINAL, RFC 7692 §7.2.1);
 * `ws` alone takes the first stream for the whole.
 */
class Streams {
  readonly #extension: PerMessageDeflate;
  readonly #decompress: PerMessageDeflate["decompress"];
  /** The last that was opened, and how many bytes it was given. */
  #stream: InflateStream | undefined;
  #given = 0;
  /** How many there were in this message, and how many bytes it has. */
  #opened = 0;
  #inflated = 0;

  constructor(extension: PerMessageDeflate) {
    this.#extension = extension;
    this.#decompress = extension.decompress.bind(extension);
    let current = extension._inflate;
    Object.defineProperty(extension, "_inflate", {
      get: () => current,
      set: (stream: InflateStream | null) => {
        current = stream;
        if (stream) this.#open(stream);
      },
    });
  }

  inflate(data: Buffer, isFinal: boolean, done: Inflated): void {
    this.#decompress(data, isFinal, (error, inflated) => {
      this.#given += data.length + (isFinal ? TRAILER_BYTES : 0);
      const rest = error ? NOTHING : this.#notTaken(data, isFinal);
      this.#inflated += inflated?.length ?? 0;
      // `ws` closes with 1009 what is longer than a message may be.
      const isOver = rest.length === 0 || this.#inflated > this.#extension._maxPayload;
      if (isOver && isFinal) this.#opened = this.#inflated = 0;
      if (isOver) return done(error, inflated);
      this.close();
      // Streams cost more than their bytes: what has very many of them is no message any more.
      const next = this.#opened < MOST_STREAMS ? rest : NO_DEFLATE;
      this.inflate(next, isFinal, (error, more = NOTHING) => done(error, Buffer.concat([inflated ?? NOTHING, more])));
    });
  }

  /** What is inflated next opens another. A stream that is closed keeps 16 KiB for as long as anybody keeps it. */
  close(): void {
    this.#extension.cleanup();
    this.#stream = undefined;
  }

  #open(stream: InflateStream): void {
    this.#stream = stream;
    this.#given = 0;
    this.#opened += 1;
    if ("Deno" in globalThis) mendFlushes(stream);
  }

  /** What came behind the end of a stream. */
  #notTaken(data: Buffer, isFinal: boolean): Buffer {
    const notRead = this.#given - (this.#stream?.bytesWritten ?? this.#given) - (isFinal ? TRAILER_BYTES : 0);
    return notRead > 0 ? data.subarray(-notRead) : NOTHING;
  }
}

/**
 * On Deno a flush calls back also where it failed, before the error is told. `ws` takes that for done, as on Node it would be,
 * and goes on with a stream that is closed already, which throws where nobody can catch it.
 */
function mendFlushes(stream: InflateStream): void {
  const flush = stream.flush.bind(stream);
  stream.flush = (then) => flush((error) => error || then());
}

const NOTHING = Buffer.alloc(0);

/** What `ws` puts behind a message's last payload (RFC 7692 §7.2.2). */
const TRAILER_BYTES = 4;

const MOST_STREAMS = 16;

/** A block of a type that there is none of (RFC 1951 §3.2.3): closes with 1007. */
const NO_DEFLATE = Buffer.from([0b111]);

/** What of `ws` is not in its types: what it does for a connection that negotiated the extension. */
interface WithExtensions {
  readonly _extensions?: { readonly "permessage-deflate"?: PerMessageDeflate | undefined } | undefined;
}

interface PerMessageDeflate {
  /** A frame's payload, of a message whose last frame is final. */
  decompress(data: Buffer, isFinal: boolean, done: Inflated): void;
  /** Closes the streams; the next payload opens one again. Must not come while one is inflated. */
  cleanup(): void;
  /** The stream, while there is one. */
  _inflate?: InflateStream | null;
  /** Bytes of a message. */
  readonly _maxPayload: number;
}

type Inflated = (error: Error | null, inflated?: Buffer) => void;

interface InflateStream {
  flush(then: (error?: Error | null) => void): void;
  /** Of what it was given, how much it has read. */
  readonly bytesWritten: number;
}

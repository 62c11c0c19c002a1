import type { RedisClientOptions } from "redis";
import { createDialledClient, type DialledClient } from "./dialled-client.js";
import { isReply } from "./line.js";
import { after } from "./timer.js";

/** A request as it waits in the stream. */
export interface WaitingRequest {
  readonly id: string;
  /** Undefined: who put it there gave no `request`. */
  readonly text: string | undefined;
}

export interface RequestReaderOptions {
  readonly client: RedisClientOptions;
  readonly patienceMs: number;
  readonly stream: string;
  readonly group: string;
  readonly process: string;
}

/** A connection that does nothing but wait for requests: what it waits for would hold up all else that goes over it. */
export class RequestReader {
  readonly #options: RequestReaderOptions;
  readonly #client: DialledClient;

  static async dial(options: RequestReaderOptions): Promise<RequestReader> {
    const reader = new RequestReader(options);
    try {
      await reader.#client.connect();
      await reader.#join();
    } catch (error) {
      reader.end();
      throw error;
    }
    return reader;
  }

  private constructor(options: RequestReaderOptions) {
    this.#options = options;
    this.#client = createDialledClient(options.client, options.patienceMs);
    // Whoever waits is told.
    this.#client.on("error", () => {});
  }

  /** So many at most; none where none came for a while. Rejects where it can't be read from here any more, or is another stream. */
  async read(count: number): Promise<readonly WaitingRequest[]> {
    const { patienceMs, stream, group, process } = this.#options;
    // A server that does not even say that there is nothing is away.
    const silence = after(BLOCK_MS + patienceMs, () => this.end());
    try {
      const words = ["XREADGROUP", "GROUP", group, process, "COUNT", String(count), "BLOCK", String(BLOCK_MS)];
      return entriesIn(await this.#client.sendCommand([...words, "STREAMS", stream, ">"]));
    } finally {
      silence.cancel();
    }
  }

  end(): void {
    this.#client.destroy();
  }

  /** All processes are one group: each request is one's. What was put there before there was one is theirs too. */
  async #join(): Promise<void> {
    const { stream, group } = this.#options;
    try {
      await this.#client.sendCommand(["XGROUP", "CREATE", stream, group, "0", "MKSTREAM"]);
    } catch (error) {
      if (!isReply(error, "BUSYGROUP")) throw error;
    }
  }
}

const BLOCK_MS = 1_000;

/** What is in a request's fields. */
export function requestIn(id: string, fields: readonly string[]): WaitingRequest {
  const at = fields.findIndex((name, index) => index % 2 === 0 && name === "request");
  return { id, text: at === -1 ? undefined : fields[at + 1] };
}

/** Of the one stream that was asked for. */
function entriesIn(answer: unknown): readonly WaitingRequest[] {
  const [entries] = Object.values((answer ?? {}) as Readonly<Record<string, readonly Entry[]>>); // as RESP3 has it
  return (entries ?? []).map(([id, fields]) => requestIn(id, fields));
}

type Entry = readonly [id: string, fields: readonly string[]];

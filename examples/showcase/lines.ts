import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { HttpServer } from "tidings";
import { z } from "zod";
import { answerPost, readBody } from "./post.js";

/**
 * The lines that visitors come by, which can be cut to see what becomes of a page then: their sockets end without a word,
 * and none gets through until the line is mended.
 *
 * A visitor is who dials with `?visitor=<id>`: a long random id that their page made up and nobody else knows, so that
 * nobody cuts another's. Stands between a server and the app that is attached to it.
 */
export class Lines implements HttpServer {
  readonly #server: Server;
  readonly #limit: number;
  readonly #streams = new Map<string, Set<Duplex>>();
  /** In the order they were cut: when there are too many, the first is mended. */
  readonly #cut = new Set<string>();
  readonly #watched = new Map<(...args: unknown[]) => void, (request: IncomingMessage, stream: Duplex) => void>();

  constructor(server: Server, { limit = 1_000 } = {}) {
    this.#server = server;
    this.#limit = limit;
  }

  cut(visitor: string): void {
    this.#cut.add(visitor);
    for (const stream of this.#streams.get(visitor) ?? []) stream.destroy();
    const [first] = this.#cut;
    if (this.#cut.size > this.#limit && first !== undefined) this.mend(first);
  }

  mend(visitor: string): void {
    this.#cut.delete(visitor);
  }

  on(event: "upgrade", listener: (...args: unknown[]) => void): this {
    const watched = (request: IncomingMessage, stream: Duplex, ...more: unknown[]) => {
      if (this.#watch(visitorOf(request), stream)) listener(request, stream, ...more);
    };
    this.#watched.set(listener, watched);
    this.#server.on(event, watched);
    return this;
  }

  off(event: "upgrade", listener: (...args: unknown[]) => void): this {
    const watched = this.#watched.get(listener);
    if (watched !== undefined) this.#server.off(event, watched);
    this.#watched.delete(listener);
    return this;
  }

  listenerCount(event: "upgrade"): number {
    return this.#server.listenerCount(event);
  }

  /** Does it come through? */
  #watch(visitor: string | undefined, stream: Duplex): boolean {
    if (visitor === undefined) return true;
    if (this.#cut.has(visitor)) {
      stream.destroy();
      return false;
    }
    const streams = this.#streams.get(visitor) ?? new Set();
    this.#streams.set(visitor, streams.add(stream));
    stream.once("close", () => {
      streams.delete(stream);
      if (streams.size === 0) this.#streams.delete(visitor);
    });
    return true;
  }
}

/** Answers `POST /line`, by which a page has its own line cut and mended. Resolves with false for any other path. */
export async function serveLine(request: IncomingMessage, response: ServerResponse, lines: Lines): Promise<boolean> {
  if (request.url?.split("?", 1)[0] !== "/line") return false;
  await answerPost(request, response, async () => {
    const { visitor, isCut } = await readBody(request, lineBody, "Send a visitor, and whether the line is to be cut.");
    if (isCut) lines.cut(visitor);
    else lines.mend(visitor);
    return { isCut };
  });
  return true;
}

/** 128 random bits in base64url. */
const visitorId = /^[\w-]{22}$/;
const lineBody = z.object({ visitor: z.string().regex(visitorId), isCut: z.boolean() });

function visitorOf({ url = "/" }: IncomingMessage): string | undefined {
  const id = new URLSearchParams(url.slice(url.indexOf("?") + 1)).get("visitor") ?? "";
  return visitorId.test(id) ? id : undefined;
}

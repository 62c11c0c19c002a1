import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A way to a Redis on which what was published can get lost, now and then and without a word, while all answers come. */
export async function startLossyWay(target: { readonly host: string; readonly port: number }): Promise<LossyWay> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  return new LossyWay(server, target);
}

export class LossyWay implements AsyncDisposable {
  readonly url: string;
  /** So many got lost. */
  lost = 0;
  readonly #server: Server;
  readonly #ends = new Set<Socket>();
  #everySo = Number.POSITIVE_INFINITY;
  #count = 0;

  /** Use `startLossyWay`. */
  constructor(server: Server, target: { readonly host: string; readonly port: number }) {
    this.#server = server;
    this.url = `redis://127.0.0.1:${Number(Object(server.address()).port)}`;
    server.on("connection", (near) => {
      const far = connect(target.port, target.host);
      const replies = new Replies();
      near.pipe(far);
      far.on("data", (chunk: Buffer) => {
        const passing = replies.split(chunk).filter((reply) => !this.#loses(reply));
        if (passing.length > 0) near.write(Buffer.concat(passing));
      });
      for (const [end, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#ends.add(end.setNoDelay(true));
        end.on("error", () => {}); // the other end is told by the close
        end.on("close", () => {
          this.#ends.delete(end);
          other.destroy();
        });
      }
    });
  }

  /** From now on one of so many is lost. */
  lose(everySo: number): void {
    this.#everySo = everySo;
  }

  loseNothing(): void {
    this.lose(Number.POSITIVE_INFINITY);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) end.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #loses(reply: Buffer): boolean {
    if (!PUBLISHED.test(reply.toString("latin1", 0, HEAD))) return false;
    this.#count += 1;
    if (this.#count % this.#everySo !== 0) return false;
    this.lost += 1;
    return true;
  }
}

/** RESP3: a push of three, of which the first says that it was published. */
const PUBLISHED = /^>3\r\n\$\d\r\ns?message\r\n/;
const HEAD = 20;

/** Splits what a Redis says, in RESP3, into its replies. */
class Replies {
  #rest: Buffer = Buffer.alloc(0);

  split(chunk: Buffer): readonly Buffer[] {
    const text = Buffer.concat([this.#rest, chunk]);
    const found: Buffer[] = [];
    let start = 0;
    for (let end = endOfReply(text, 0); end !== undefined; end = endOfReply(text, start)) {
      found.push(text.subarray(start, end));
      start = end;
    }
    this.#rest = text.subarray(start);
    return found;
  }
}

/** Undefined where its end is not there yet. */
function endOfReply(text: Buffer, start: number): number | undefined {
  const lineEnd = text.indexOf("\r\n", start);
  if (lineEnd === -1) return undefined;
  const [kind = "", count] = [
    text.toString("latin1", start, start + 1),
    Number(text.toString("latin1", start + 1, lineEnd)),
  ];
  const next = lineEnd + 2;
  if ("$!=".includes(kind)) {
    const end = count < 0 ? next : next + count + 2;
    return end <= text.length ? end : undefined;
  }
  if (!"*~>%|".includes(kind)) return next;
  let end: number | undefined = next;
  for (let part = 0; part < ("%|".includes(kind) ? 2 * count : count) && end !== undefined; part += 1) {
    end = endOfReply(text, end);
  }
  return end;
}

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a backend is asked, as far as tests look at it. */
export interface Question {
  readonly hook: string;
  /** Where it was asked. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** As it was sent. */
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Answers by itself, or gives what to answer with 200. */
export type Answering = (question: Question, response: ServerResponse) => object | undefined;

/** A team's own server, on a free port of this computer. */
export class HookBackend implements AsyncDisposable {
  readonly asked: Question[] = [];
  readonly #server = createServer((request, response) => this.#take(request, response));
  answering: Answering;
  /** How many are under way just now, and were at most. */
  atOnce = 0;
  mostAtOnce = 0;

  private constructor(answering: Answering) {
    this.answering = answering;
  }

  static async start(answering: Answering): Promise<HookBackend> {
    const backend = new HookBackend(answering);
    await new Promise<void>((resolve) => backend.#server.listen(0, "127.0.0.1", resolve));
    return backend;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks`; // it listens on a port
  }

  /** Those of one hook. */
  of(hook: string): readonly Question[] {
    return this.asked.filter((each) => each.hook === hook);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      // Who follows a redirect brings nothing along. What the server writes is an object.
      const body = (text === "" ? {} : JSON.parse(text)) as Question["body"];
      const question = { hook: String(body.hook), path: request.url ?? "", headers: request.headers, text, body };
      this.asked.push(question);
      this.atOnce += 1;
      this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
      response.on("close", () => {
        this.atOnce -= 1;
      });
      const answer = this.answering(question, response);
      if (answer !== undefined)
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  }
}

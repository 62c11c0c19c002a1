import { once } from "node:events";
import { request as askHttp, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { apiBreach } from "../openapi/answers.js";
import type { ServedApp } from "./served-app.js";

/** A key of 16 characters or more. */
export const apiKey = "for-tests-only-0123456789";

export interface ApiRequest {
  /** Without one none is shown. Default: `apiKey`. */
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** As JSON; text goes as it is. */
  readonly body?: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Record<string, unknown>;
}

/** Asks the API of an app as any program would, and holds each answer against the app's OpenAPI document. */
export class ApiClient {
  readonly #server: Pick<ServedApp, "app" | "url">;

  constructor(server: Pick<ServedApp, "app" | "url">) {
    this.#server = server;
  }

  get(path: string, options: ApiRequest = {}): Promise<ApiAnswer> {
    return this.ask("GET", path, options);
  }

  post(path: string, body: unknown, options: ApiRequest = {}): Promise<ApiAnswer> {
    return this.ask("POST", path, { ...options, body });
  }

  /** What it gave. Throws where that is a problem. */
  async done(path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await (body === undefined ? this.get(path) : this.post(path, body));
    if (answer.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async ask(method: string, path: string, { headers = {}, body, ...options }: ApiRequest): Promise<ApiAnswer> {
    const key = "key" in options ? options.key : apiKey;
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const asking = askHttp(this.#server.url + path, {
      method,
      agent: false,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(text !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
    });
    asking.end(text);
    const [response] = (await once(asking, "response")) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    const said = Buffer.concat(chunks).toString();
    const answer = { status: response.statusCode ?? 0, headers: response.headers, said };
    const breach = apiBreach(this.#server.app.openapi(), { method, path, ...answer });
    if (breach !== undefined) throw new Error(`${method} ${path} → ${answer.status} ${said}: ${breach}`);
    return { ...answer, body: said === "" ? {} : JSON.parse(said) };
  }
}

/** Bytes as they are, for what no HTTP client would send. Gives all that is answered until the server hangs up. */
export async function sendRaw(url: string, ...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect(Number(port), hostname);
  const heard: Buffer[] = [];
  socket.on("data", (chunk) => heard.push(chunk));
  // Who is answered before all was sent may find that nobody listens any more.
  socket.on("error", () => {});
  const closed = once(socket, "close");
  await once(socket, "connect");
  for (const part of parts) socket.write(part);
  await closed;
  return Buffer.concat(heard).toString();
}

import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";

export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface PageRequest {
  readonly method?: string;
  /** As they are written: `host` too, which `fetch` would not let be forged. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks for a page with any headers at all. */
export async function askPage(url: string, { method = "GET", headers = {} }: PageRequest = {}): Promise<PageAnswer> {
  const asking = request(url, { method, headers, agent: false }).end();
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

/** As a browser sends a name and its password. */
export function basic(user: string, password: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

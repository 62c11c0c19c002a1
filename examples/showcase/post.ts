import type { IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";
import type { z } from "zod";

/** Answers a POST of the page's own origin by `handle`, and all else, and what that throws, with a refusal. */
export async function answerPost(
  request: IncomingMessage,
  response: ServerResponse,
  handle: () => Promise<object>,
): Promise<void> {
  try {
    checkRequest(request);
    answer(response, 200, await handle());
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { status, code, message } = error;
    if (status === 405) response.setHeader("allow", "POST");
    // What is left of its body is not read.
    if (!request.complete) response.setHeader("connection", "close");
    answer(response, status, { code, message });
  }
}

/** The body, which must be JSON that fits the schema; `otherwise` says what to send. */
export async function readBody<Body>(
  request: IncomingMessage,
  schema: z.ZodType<Body>,
  otherwise: string,
): Promise<Body> {
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new Refused(415, "unsupported_media_type", "Send application/json.");
  const body = schema.safeParse(parseJson(await readText(request)));
  if (!body.success) throw new Refused(400, "bad_request", otherwise);
  return body.data;
}

export function isSecure({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket;
}

function checkRequest(request: IncomingMessage): void {
  if (request.method !== "POST") throw new Refused(405, "method_not_allowed", "Only POST is answered here.");
  // A page of another site must do nothing in its visitors' names. Who is no browser sends no Origin.
  const { origin, host } = request.headers;
  const own = isSecure(request) ? [`https://${host}`] : [`http://${host}`, `https://${host}`]; // a proxy may end TLS
  if (origin !== undefined && !own.includes(origin)) {
    throw new Refused(403, "origin_not_allowed", "This origin is not allowed.");
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Left without destroying the request, as its refusal is still to be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new Refused(413, "body_too_large", `Send at most ${LARGEST_BODY} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const LARGEST_BODY = 1_024;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(400, "bad_request", "The body is not JSON.");
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
  response.writeHead(status, headers);
  response.end(text);
}

/** What is wrong with a request, as its answer says it. */
class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

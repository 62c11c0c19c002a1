import type { IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";
import type { App } from "tidings";
import { z } from "zod";
import { type Sessions, sessionCookie } from "./sessions.js";

/** Who signs in says only a name: this is where a real app asks for a password. */
const loginBody = z.object({
  // Letters, digits, signs and spaces, but nothing that can't be seen.
  name: z
    .string()
    .trim()
    .regex(/^[^\p{C}]{1,32}$/u),
});

const LARGEST_BODY = 1_024;

/** Answers `POST /login` and `POST /logout`. Resolves with false for any other path. */
export async function serveLogin(
  request: IncomingMessage,
  response: ServerResponse,
  { app, sessions }: { readonly app: App; readonly sessions: Sessions },
): Promise<boolean> {
  const path = request.url?.split("?", 1)[0];
  if (path !== "/login" && path !== "/logout") return false;
  try {
    checkRequest(request);
    if (path === "/login") await logIn(request, response, sessions);
    else await logOut(request, response, app, sessions);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { status, code, message } = error;
    if (status === 405) response.setHeader("allow", "POST");
    // What is left of its body is not read.
    if (!request.complete) response.setHeader("connection", "close");
    answer(response, status, { code, message });
  }
  return true;
}

function checkRequest(request: IncomingMessage): void {
  if (request.method !== "POST") throw new Refused(405, "method_not_allowed", "Only POST is answered here.");
  // A page of another site must not sign its visitors in, or out. Who is no browser sends no Origin.
  const { origin, host } = request.headers;
  const own = isSecure(request) ? [`https://${host}`] : [`http://${host}`, `https://${host}`]; // a proxy may end TLS
  if (origin !== undefined && !own.includes(origin)) {
    throw new Refused(403, "origin_not_allowed", "This origin is not allowed.");
  }
}

async function logIn(request: IncomingMessage, response: ServerResponse, sessions: Sessions): Promise<void> {
  const { name } = await readBody(request);
  const id = sessions.begin({ id: name, name });
  setCookie(request, response, id, sessions.lifetimeMs / 1_000);
  answer(response, 200, { name });
}

async function logOut(request: IncomingMessage, response: ServerResponse, app: App, sessions: Sessions): Promise<void> {
  const id = readCookie(request);
  // Only of a session that there was: else anybody could fill the list of what is revoked.
  if (id !== undefined && sessions.end(id)) await app.revoke({ tokenId: id }); // closes what was opened with it
  setCookie(request, response, "", 0);
  answer(response, 200, {});
}

async function readBody(request: IncomingMessage): Promise<z.output<typeof loginBody>> {
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new Refused(415, "unsupported_media_type", "Send application/json.");
  const body = loginBody.safeParse(parseJson(await readText(request)));
  if (!body.success) throw new Refused(400, "bad_request", "Send a name of 1 to 32 characters.");
  return body.data;
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(400, "bad_request", "The body is not JSON.");
  }
}

function readCookie({ headers }: IncomingMessage): string | undefined {
  const pairs = headers.cookie?.split(";").map((pair) => pair.trim()) ?? [];
  return pairs.find((pair) => pair.startsWith(`${sessionCookie}=`))?.slice(sessionCookie.length + 1);
}

/** Out of reach for scripts and for other sites. */
function setCookie(request: IncomingMessage, response: ServerResponse, value: string, maxAge: number): void {
  const secure = isSecure(request) ? "; Secure" : "";
  const cookie = `${sessionCookie}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${secure}`;
  response.setHeader("set-cookie", cookie);
}

function isSecure({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket;
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

class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

import type { IncomingMessage, ServerResponse } from "node:http";
import type { App } from "tidings";
import { z } from "zod";
import { answerPost, isSecure, readBody } from "./post.js";
import { type Sessions, sessionCookie } from "./sessions.js";

/** Who signs in says only a name: this is where a real app asks for a password. */
const loginBody = z.object({
  // Letters, digits, signs and spaces, but nothing that can't be seen.
  name: z
    .string()
    .trim()
    .regex(/^[^\p{C}]{1,32}$/u),
});

/** Answers `POST /login` and `POST /logout`. Resolves with false for any other path. */
export async function serveLogin(
  request: IncomingMessage,
  response: ServerResponse,
  { app, sessions }: { readonly app: App; readonly sessions: Sessions },
): Promise<boolean> {
  switch (request.url?.split("?", 1)[0]) {
    case "/login":
      await answerPost(request, response, () => logIn(request, response, sessions));
      return true;
    case "/logout":
      await answerPost(request, response, () => logOut(request, response, app, sessions));
      return true;
  }
  return false;
}

async function logIn(request: IncomingMessage, response: ServerResponse, sessions: Sessions): Promise<object> {
  const { name } = await readBody(request, loginBody, "Send a name of 1 to 32 characters.");
  // Nobody becomes the user of a token by calling themselves the same.
  const id = sessions.begin({ id: `guest ${name}`, name });
  setCookie(request, response, id, sessions.lifetimeMs / 1_000);
  return { name };
}

async function logOut(
  request: IncomingMessage,
  response: ServerResponse,
  app: App,
  sessions: Sessions,
): Promise<object> {
  const id = readCookie(request);
  // Only of a session that there was: else anybody could fill the list of what is revoked.
  if (id !== undefined && sessions.end(id)) await app.revoke({ tokenId: id }); // closes what was opened with it
  setCookie(request, response, "", 0);
  return {};
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

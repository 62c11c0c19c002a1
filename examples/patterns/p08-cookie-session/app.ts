import { randomBytes } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { createApp, endpoint } from "tidings";
import { session } from "tidings/auth";
import { z } from "zod";

/** The store is yours: here it is a Map of session id → user, elsewhere a table, in which a session ends. */
const sessions = new Map<string, { id: string }>();

const me = endpoint("/ws/me", {
  auth: session({ cookie: "session_id", lookup: (id) => sessions.get(id) }),
  receives: { who: z.object({}) },
  on: {
    who: ({ user }) => user.id,
  },
});

// Pages of the server's own origin may connect, and those that are listed here.
export const app = createApp({ endpoints: [me], origins: ["https://app.example.com"] });

export const server = createServer((request, response) => {
  app.http(request, response, () => {
    if (request.method === "POST" && request.url === "/login") signIn(response);
    else response.writeHead(404).end();
  });
});
app.attach(server);

/** This is where a real one asks for a password: for a page of its own `Origin` alone, and so many times a minute. */
function signIn(response: ServerResponse): void {
  const id = randomBytes(16).toString("base64url");
  sessions.set(id, { id: "ana" });
  // `HttpOnly`: no script can read it. Over TLS add `Secure`.
  response.writeHead(204, { "set-cookie": `session_id=${id}; HttpOnly; SameSite=Strict; Path=/` }).end();
}

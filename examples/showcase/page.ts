import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { builtPage } from "./build-page.js";

/** All there is: a path that is not in the table is never looked for on the disk. */
const files: ReadonlyMap<string, { readonly name: string; readonly type: string }> = new Map([
  ["/", { name: "index.html", type: "text/html; charset=utf-8" }],
  ["/index.css", { name: "index.css", type: "text/css; charset=utf-8" }],
  ["/index.js", { name: "index.js", type: "text/javascript; charset=utf-8" }],
  ["/icon.svg", { name: "icon.svg", type: "image/svg+xml" }],
]);

const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

/** Answers with a file that was built of `page/`, or with 404. */
export async function servePage(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const file = files.get((request.url ?? "/").split("?", 1)[0] ?? "/");
  if (file === undefined) return answer(request, response, 404, "There is nothing at this path.\n");
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return answer(request, response, 405, "Only GET is answered here.\n");
  }
  // Read each time, so that a page that is built anew needs no restart.
  const body = await readFile(new URL(file.name, builtPage));
  answer(request, response, 200, body, file.type);
}

function answer(
  { method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: string | Uint8Array,
  type = "text/plain; charset=utf-8",
): void {
  response.writeHead(status, { ...headers, "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(method === "HEAD" ? undefined : body);
}

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { App } from "tidings";

export interface PageOptions {
  readonly app: App;
  /** The folder with `index.html`, `main.ts` and `style.css`. */
  readonly page: URL;
  /** Answers what the app does not; false: it is not for it. */
  readonly routes?: ((request: IncomingMessage, response: ServerResponse) => Promise<boolean>) | undefined;
}

/** Serves an app and its page on `PORT`, or 8000, until SIGTERM or Ctrl-C. Gives the address. */
export async function runPage(options: PageOptions): Promise<string> {
  const server = await servePage(options, { port: Number(process.env.PORT || 8000), host: process.env.HOST });
  // Once: a second signal of the kind ends the process at once, as Node does by itself.
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => server.close());
  console.log(`listening on ${server.url}`);
  return server.url;
}

/** An app and its page on one `node:http` server. Port 0 picks a free one. */
export async function servePage(
  { app, page, routes = async () => false }: PageOptions,
  { port = 0, host = "127.0.0.1" }: { readonly port?: number | undefined; readonly host?: string | undefined } = {},
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const files = await buildPage(page);
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    if (await routes(request, response)) return;
    const file = files.get(request.url?.split("?", 1)[0] ?? "/");
    if (file === undefined || request.method !== "GET") response.writeHead(404, headers).end("Not here.\n");
    else response.writeHead(200, { ...headers, "content-type": file.type }).end(file.body);
  };
  // First the app: its health checks, its /docs and /dashboard, its HTTP API. What is not the app's is ours.
  const server = createServer((request, response) => {
    app.http(request, response, () => {
      serve(request, response).catch((error: unknown) => {
        console.error(error);
        response.destroy();
      });
    });
  });
  await once(server.listen(port, host), "listening");
  app.attach(server);
  // A server on a port has an address of this kind.
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${taken}`,
    async close() {
      server.close();
      await app.close(); // tells everybody when to come back, and awaits their `close` handlers
      server.closeAllConnections();
    },
  };
}

/** All there is, by its path: `main.ts` and `style.css` with all that they import, in memory. */
async function buildPage(page: URL): Promise<ReadonlyMap<string, PageFile>> {
  const entryPoints = ["main", "style.css"].map((name) => fileURLToPath(new URL(name, page)));
  const { outputFiles } = await build({ entryPoints, outdir: "/", bundle: true, write: false, minify: true });
  const index = { type: "text/html; charset=utf-8", body: await readFile(new URL("index.html", page)) };
  const files = new Map<string, PageFile>([["/", index]]);
  for (const { path, contents: body } of outputFiles)
    files.set(path, { type: path.endsWith(".js") ? "text/javascript" : "text/css", body });
  return files;
}
type PageFile = { readonly type: string; readonly body: Uint8Array };

const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

import { once } from "node:events";
import { request as ask, createServer } from "node:http";
import { connect } from "node:net";

/** A proxy before a server: what is asked for under `prefix` is asked of it without. Disposing of it closes it. */
export async function serveUnder(prefix: string, target: string): Promise<AsyncDisposable & { readonly url: string }> {
  const { hostname: host, port } = new URL(target);
  const within = (url = "/") => (url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : "/nowhere");
  const server = createServer(({ url, method, headers }, response) => {
    ask({ host, port, path: within(url), method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    }).end();
  });
  server.on("upgrade", ({ url, rawHeaders }, stream) => {
    const line = connect(Number(port), host, () => {
      const headers = rawHeaders.map((each, index) => (index % 2 === 0 ? `${each}: ` : `${each}\r\n`)).join("");
      line.write(`GET ${within(url)} HTTP/1.1\r\n${headers}\r\n`);
      stream.pipe(line).pipe(stream);
    });
    line.on("error", () => stream.destroy());
    stream.on("error", () => line.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${Object(server.address()).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

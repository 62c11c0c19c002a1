// Serves the pages that were built, and the room that they talk in. It prints its address, and ends with its input.
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp } from "tidings";
import { room } from "./room.js";

const built = new URL("./out/", import.meta.url);
const app = createApp({ endpoints: [room] });
const server = createServer((request, response) => {
  app.http(request, response, () => void answer(`.${request.url}`, response));
});
app.attach(server);
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)); // it listens on a port

process.stdin.resume().once("end", () => {
  server.close();
  void app.close().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
});

/** Never rejects. */
async function answer(path: string, response: ServerResponse): Promise<void> {
  try {
    const content = await readFile(new URL(path, built));
    response.writeHead(200, { "content-type": path.endsWith(".html") ? "text/html" : "text/javascript" }).end(content);
  } catch {
    response.writeHead(404).end();
  }
}

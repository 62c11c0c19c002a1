import { createServer } from "node:http";
import next from "next";
import { app } from "./chat.mjs";

const web = next({ dev: process.env.NODE_ENV !== "production", dir: "next-app" });
await web.prepare();
const handle = web.getRequestHandler();

const server = createServer((request, response) => app.http(request, response, () => handle(request, response)));
app.attach(server); // Next adds its own listener, for its reload in development, with the first request
await app.start();

server.listen(process.env.PORT ?? 8000, "127.0.0.1");

process.once("SIGTERM", async () => {
  server.close();
  await app.close();
  await web.close();
  process.exit(); // in development Next goes on watching files
});

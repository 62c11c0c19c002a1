import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { app } from "./chat.mjs";

const hono = new Hono();
hono.get("/", (context) => context.text("theirs"));
const handle = getRequestListener(hono.fetch);

const server = createServer((request, response) => app.http(request, response, () => handle(request, response)));
app.attach(server);
await app.start();
server.listen(process.env.PORT ?? 8000, "127.0.0.1");

process.once("SIGTERM", async () => {
  server.close();
  await app.close();
  setTimeout(() => server.closeAllConnections(), 10_000).unref();
});

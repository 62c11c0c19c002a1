import express from "express";
import { app, news } from "./chat.mjs";

const web = express();
web.use((request, response, next) => app.http(request, response, next)); // /healthz, /docs, /dashboard, /api …
web.use(express.json());
web.get("/", (_request, response) => response.send("theirs"));
web.post("/news", async (request, response) => {
  await app.publish(news(), "said", { text: request.body.text });
  response.status(204).end();
});

await app.start(); // what keeps it from starting ends the program here
const server = web.listen(process.env.PORT ?? 8000, "127.0.0.1");
app.attach(server);

process.once("SIGTERM", async () => {
  server.close();
  await app.close();
  setTimeout(() => server.closeAllConnections(), 10_000).unref();
});

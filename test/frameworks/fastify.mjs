import createFastify from "fastify";
import { app } from "./chat.mjs";

const fastify = createFastify();
fastify.get("/", () => "theirs");
fastify.addHook("onRequest", (request, reply, done) => {
  app.http(request.raw, reply.raw, done);
});
app.attach(fastify.server);
// Before Fastify closes its server, which open sockets would keep it from.
fastify.addHook("preClose", () => app.close());

await app.start();
await fastify.listen({ port: Number(process.env.PORT ?? 8000), host: "127.0.0.1" });

process.once("SIGTERM", () => void fastify.close());

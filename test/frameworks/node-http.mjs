import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { app } from "./chat.mjs";

const server = createServer((request, response) => {
  app.http(request, response, () => response.end("theirs")); // what is not ours is yours
});
app.attach(server);
await app.start(); // what keeps it from starting ends the program here

// Another library's sockets, on paths of their own.
const other = new WebSocketServer({ noServer: true });
other.on("connection", (socket) => socket.send("theirs"));
server.on("upgrade", (request, socket, head) => {
  if (request.url === "/theirs") other.handleUpgrade(request, socket, head, (each) => other.emit("connection", each));
});

server.listen(process.env.PORT ?? 8000, "127.0.0.1");

process.once("SIGTERM", async () => {
  server.close(); // nobody new
  await app.close(); // who is connected is told, and goes
  setTimeout(() => server.closeAllConnections(), 10_000).unref(); // whoever still asks
});

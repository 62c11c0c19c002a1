import { createServer } from "node:http";
import { Server } from "socket.io";
import { isCompressing, report, roomOf } from "./station.mjs";

/**
 * Socket.IO over WebSocket alone, with rooms and acknowledgements. It parses what comes; it checks nothing.
 *
 * @param {{ adapter?: unknown }} [options] what takes it to other processes
 */
export function startSocketIo({ adapter } = {}) {
  const server = createServer();
  const io = new Server(server, {
    ...(adapter === undefined ? {} : { adapter }),
    transports: ["websocket"],
    perMessageDeflate: isCompressing && {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      threshold: 0,
    },
  });
  io.on("connection", (socket) => {
    const room = roomOf(socket.handshake.query.path);
    if (room !== undefined) socket.join(room);
    socket.on("say", ({ text }) => io.to("chat/lobby").emit("said", { from: "user-1", text }));
    socket.on("echo", ({ text }, answer) => answer({ text }));
  });
  server.listen(0, "127.0.0.1", () => report(server.address().port));
}

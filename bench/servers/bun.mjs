// Bun.serve and its `publish`. It parses what comes; it checks nothing.
import { isCompressing, report, roomOf, saidBy } from "./station.mjs";

const { Bun } = globalThis;

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, self) {
    const room = roomOf(new URL(request.url).pathname);
    return self.upgrade(request, { data: { room } }) ? undefined : new Response("", { status: 426 });
  },
  websocket: {
    perMessageDeflate: isCompressing ? { compress: "shared", decompress: "shared" } : false,
    open(socket) {
      if (socket.data.room !== undefined) socket.subscribe(socket.data.room);
    },
    message(socket, data) {
      const { type, id, payload } = JSON.parse(data);
      if (type === "echo") {
        socket.send(JSON.stringify({ type: "reply", id, payload: { text: payload.text } }), isCompressing);
      } else {
        server.publish("chat/lobby", saidBy("user-1", payload.text), isCompressing);
      }
    },
  },
});
report(server.port);

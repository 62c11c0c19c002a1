import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { isCompressing, report, roomOf, saidBy } from "./station.mjs";

/**
 * A server of `ws` alone.
 *
 * @param {object} options
 * @param {(json: string) => { type: string, id?: number, payload: { text: string } }} options.read
 * @param {(payload: { text: string }) => { text: string }} [options.check] of what goes out
 * @param {(request: import("node:http").IncomingMessage) => boolean} [options.mayEnter]
 * @param {{ publish(room: string, text: string): unknown, subscribe(room: string, hear: (text: string) => void): unknown }} [options.relay]
 * what takes it to other processes, and back to this one
 */
export function createWsServer({ read, check = (payload) => payload, mayEnter, relay }) {
  const rooms = new Map();
  const server = createServer();
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: isCompressing && {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      threshold: 0,
      concurrencyLimit: 10,
    },
  });

  server.on("upgrade", (request, stream, head) => {
    if (mayEnter?.(request) === false) {
      stream.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => open(socket, roomOf(request.url)));
  });

  function open(socket, room) {
    if (room !== undefined) {
      if (!rooms.has(room)) relay?.subscribe(room, (text) => tell(room, text));
      const members = rooms.get(room) ?? new Set();
      rooms.set(room, members.add(socket));
      socket.on("close", () => members.delete(socket));
    }
    socket.on("message", (data) => {
      const { type, id, payload } = read(data.toString());
      if (type === "echo") {
        socket.send(JSON.stringify({ type: "reply", id, payload: check({ text: payload.text }) }));
        return;
      }
      check(payload);
      const text = saidBy("user-1", payload.text);
      if (relay === undefined) tell("chat/lobby", text);
      else relay.publish("chat/lobby", text);
    });
  }

  function tell(room, text) {
    for (const member of rooms.get(room) ?? []) member.send(text);
  }

  server.listen(0, "127.0.0.1", () => report(server.address().port));
}

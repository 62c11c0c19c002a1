// uWebSockets.js, as npm carries it. It parses what comes; it checks nothing.
import uws from "uwebsockets";
import { isCompressing, report, roomOf, saidBy } from "./station.mjs";

const app = uws.App();
app.ws("/*", {
  compression: isCompressing ? uws.SHARED_COMPRESSOR : uws.DISABLED,
  idleTimeout: 120,
  maxBackpressure: 1024 * 1024,
  upgrade(response, request, context) {
    const header = (name) => request.getHeader(`sec-websocket-${name}`);
    response.upgrade(
      { room: roomOf(request.getUrl()) },
      header("key"),
      header("protocol"),
      header("extensions"),
      context,
    );
  },
  open(socket) {
    const { room } = socket.getUserData();
    if (room !== undefined) socket.subscribe(room);
  },
  message(socket, data) {
    const { type, id, payload } = JSON.parse(Buffer.from(data).toString());
    if (type === "echo") {
      socket.send(JSON.stringify({ type: "reply", id, payload: { text: payload.text } }), false, isCompressing);
    } else {
      app.publish("chat/lobby", saidBy("user-1", payload.text), false, isCompressing);
    }
  },
});
app.listen("127.0.0.1", 0, (socket) => report(uws.us_socket_local_port(socket)));

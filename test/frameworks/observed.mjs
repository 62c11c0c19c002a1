// Runs one of the programs beside it, and does to its server what others may do: `node observed.mjs express.mjs`.
// Told by lines of its input:
//   other   a library takes the upgrades of /other
//   late    another takes those of /late, later
//   greedy  one takes those of /greedy and answers all other paths with 400, as `ws` does where it is given a server and a path
//   close   our app is closed, and the program's server is not
// It prints each order when it is done.
import diagnostics from "node:diagnostics_channel";
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";
import { app } from "./chat.mjs";

const servers = new Set();
diagnostics.subscribe("http.server.request.start", ({ server }) => servers.add(server));

const orders = {
  other: () => listen("/other"),
  late: () => listen("/late"),
  greedy: () => {
    for (const server of servers) new WebSocketServer({ server, path: "/greedy" }).on("connection", greet);
  },
  close: () => app.close(),
};

createInterface({ input: process.stdin }).on("line", async (order) => {
  await orders[order]();
  console.log(`done ${order}`);
});

await import(new URL(process.argv[2], import.meta.url));

function listen(path) {
  const webSockets = new WebSocketServer({ noServer: true });
  for (const server of servers) {
    server.on("upgrade", (request, socket, head) => {
      if (request.url === path) webSockets.handleUpgrade(request, socket, head, greet);
    });
  }
}

function greet(socket) {
  socket.send("theirs");
}

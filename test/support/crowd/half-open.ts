import { connect } from "node:net";

// `COUNT` TCP connections to `URL` whose handshakes never finish: every second one says nothing, the others half a
// request.
//
// It prints `open` when all are connected, and `ended` with how many of which were answered what when all have ended.

const { URL: url = "", COUNT: count = "2" } = process.env;
const { hostname, port } = new URL(url);

const kinds = { "says nothing": "", "says half a request": "GET /ws/room HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgr" };
const tally: Record<string, number> = {};
let [opened, ended] = [0, 0];

function open(kind: keyof typeof kinds): void {
  const socket = connect({ host: hostname, port: Number(port) });
  let answer = "";
  socket.on("connect", () => {
    socket.write(kinds[kind]);
    opened += 1;
    if (opened === Number(count)) console.log("open");
  });
  socket.on("data", (chunk) => {
    answer += chunk.toString();
  });
  socket.on("error", () => {}); // the close tells it
  socket.on("close", () => {
    const how = `${kind}: ${/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? "no answer"}`;
    tally[how] = (tally[how] ?? 0) + 1;
    ended += 1;
    if (ended === Number(count)) console.log(`ended ${JSON.stringify(tally)}`);
  });
}

process.on("SIGTERM", () => process.exit(0));
for (let n = 0; n < Number(count); n += 1) open(n % 2 === 0 ? "says nothing" : "says half a request");

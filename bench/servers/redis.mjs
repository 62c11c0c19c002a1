// A Redis server of its own, and what it says of itself. It ends with the bench.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "redis";
import { report } from "./station.mjs";

const directory = mkdtempSync(join(tmpdir(), "tidings-bench-"));
const port = await freePort();
const config = { bind: "127.0.0.1", port, save: "", appendonly: "no", dir: directory };
const server = spawn(
  "redis-server",
  Object.entries(config).flatMap(([name, value]) => [`--${name}`, String(value)]),
  { stdio: ["ignore", "pipe", "inherit"] },
);
process.on("exit", () => {
  server.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});
// Ctrl+C is for the bench, which closes stdin then.
process.on("SIGINT", () => {});
const log = [];
server.on("error", end);
server.on("exit", () => end(new Error(`redis-server ended. ${log.slice(-4).join(" ")}`)));

for await (const line of createInterface({ input: server.stdout })) {
  log.push(line);
  if (line.includes("Ready to accept connections")) break;
}
server.stdout.resume();

const client = createClient({ url: `redis://127.0.0.1:${port}` });
client.on("error", end);
await client.connect();
/** @type {undefined | { watcher: ReturnType<typeof createClient>, lines: string[], onLine: (line: string) => void }} */
let watch;

report(port, {
  /** Seconds that the server itself used up, not this process. */
  async cpu() {
    const info = await client.info("cpu");
    return { seconds: numberIn(info, "used_cpu_user") + numberIn(info, "used_cpu_sys") };
  },

  /** To channels and patterns, of all its clients together. */
  async subscriptions() {
    const clients = await client.sendCommand(["CLIENT", "LIST"]);
    const counts = [...String(clients).matchAll(/ (?:sub|psub|ssub)=(\d+)/g)];
    return { count: counts.reduce((sum, [, count]) => sum + Number(count), 0) };
  },

  /** From now on it takes down what others ask for. It is slower meanwhile. */
  async watch() {
    const watcher = client.duplicate();
    watcher.on("error", end);
    await watcher.connect();
    watch = { watcher, lines: [], onLine: (line) => watch.lines.push(line) };
    await watcher.monitor((line) => watch.onLine(String(line)));
  },

  /** What that was, but for what scripts ask for: each a list of words as `MONITOR` shows them. */
  async watched() {
    const { watcher, lines } = watch;
    const mark = `the end of ${lines.length}`;
    const seen = new Promise((resolve) => {
      watch.onLine = (line) => {
        lines.push(line);
        if (line.includes(mark)) resolve();
      };
    });
    await client.echo(mark);
    await seen;
    watcher.destroy();
    const asked = lines.filter((line) => !line.includes(mark) && !/^\S+ \[\d+ lua\]/.test(line));
    return { commands: asked.map(wordsOf) };
  },
});

async function freePort() {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port: free } = listener.address();
  listener.close();
  await once(listener, "close");
  return free;
}

function numberIn(info, name) {
  return Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)[1]);
}

/** `"EVALSHA" "a\x01\"b"`: what Redis escapes is what C does. */
function wordsOf(line) {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) => {
    const bytes = word.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, code, letter) => {
      return code === undefined ? (LETTERS[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16));
    });
    return Buffer.from(bytes, "latin1").toString();
  });
}

const LETTERS = { n: "\n", r: "\r", t: "\t", a: "\x07", b: "\b" };

function end(error) {
  console.error(error.message);
  process.exit(1);
}

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { redisVersion } from "./redis.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** Bun's install script moves the binary from the package of the platform to its own. */
const bun = [
  here(`node_modules/@oven/bun-${process.platform}-${process.arch === "arm64" ? "aarch64" : "x64"}/bin/bun`),
  here("node_modules/bun/bin/bun.exe"),
].find((binary) => existsSync(binary));
/** Debian's packages are for Debian's own Python. */
const python = "/usr/bin/python3";

/**
 * A server that Tidings is measured against, or Tidings itself.
 *
 * @typedef {object} Peer
 * @property {string} label
 * @property {"json" | "socketIo" | undefined} dialect undefined: nobody connects to it
 * @property {boolean} isNode whether it takes Node's flags
 * @property {readonly string[]} command
 * @property {() => string | undefined} missing why it can't be started here
 * @property {string} [does] what it does less or more than Tidings; undefined: it is Tidings itself, in a document of its own
 *
 * @type {Readonly<Record<string, Peer>>}
 */
export const peers = {
  tidings: nodePeer("tidings", "Tidings", {
    does: "JWT, zod on what comes and goes, rate limits, outbox limit, heartbeat, metering",
  }),
  "metrics-on": nodePeer("tidings", "Tidings, metrics", { args: ["--metrics=on"] }),
  "metrics-off": nodePeer("tidings", "Tidings, no metrics", { args: ["--metrics=off"] }),
  ws: nodePeer("ws", "ws", { does: "JSON.parse alone: no authentication, validation, limits or heartbeat" }),
  "ws-zod": nodePeer("ws-zod", "ws + zod", { does: "as `ws`, with zod on what comes and goes" }),
  "ws-jwt": nodePeer("ws-jwt", "ws + JWT", {
    does: "as `ws`, with an HS256 token checked synchronously before it accepts",
  }),
  "socket.io": nodePeer("socket.io", "Socket.IO", {
    dialect: "socketIo",
    does: "heartbeat; no authentication, validation or limits; its frames are shorter",
  }),
  "tidings-redis": nodePeer("tidings", "Tidings + Redis", { does: "as Tidings, with `broker: redis({ url })`" }),
  "tidings-history": nodePeer("tidings", "Tidings + Redis, history", {
    args: ["--history"],
    does: "as that, and the channel keeps its last 1,000 events for 5 minutes: numbered, so that a reader can come back to them",
  }),
  "ws-redis": nodePeer("ws-redis", "ws + node-redis", {
    does: "as `ws`, with PUBLISH and SUBSCRIBE by hand, on two connections",
  }),
  "socket.io-redis": nodePeer("socket.io-redis", "Socket.IO + Redis adapter", {
    dialect: "socketIo",
    does: "as Socket.IO, with @socket.io/redis-adapter over node-redis: pub/sub, nothing kept; it tells its own process without Redis",
  }),
  "socket.io-streams": nodePeer("socket.io-streams", "Socket.IO + streams adapter", {
    dialect: "socketIo",
    does: "as Socket.IO, with @socket.io/redis-streams-adapter over node-redis: one stream for all rooms, which each process reads whole",
  }),
  "tidings-link": nodePeer("tidings-link", "Tidings' link to Redis", {
    dialect: undefined,
    does: "the broker alone, with neither app nor connections",
  }),
  storm: nodePeer("storm", "Tidings", {}),
  uwebsockets: nodePeer("uwebsockets", "uWebSockets.js", {
    package: "uwebsockets",
    does: "C++; JSON.parse alone: no authentication, validation or rate limits; heartbeat",
  }),
  bun: {
    label: "Bun.serve",
    dialect: "json",
    isNode: false,
    command: [bun ?? "bun", here("servers/bun.mjs")],
    missing: () => answersTo(bun ?? "bun", ["--version"], "bun's binary for this platform is not installed"),
    does: "C++ and Zig; JSON.parse alone: no authentication, validation or rate limits; heartbeat",
  },
  fastapi: {
    label: "FastAPI",
    dialect: "json",
    isNode: false,
    command: [python, here("servers/fastapi_server.py")],
    missing: () =>
      answersTo(
        python,
        ["-c", "import fastapi, uvicorn, uvloop, websockets"],
        "not measured: Debian's python3-fastapi, python3-uvicorn, python3-uvloop and python3-websockets are not installed",
      ),
    does: "uvicorn and uvloop; pydantic on what comes; no authentication or limits; heartbeat",
  },
};

/** Which releases were measured. */
export function peerVersions() {
  const versions = PACKAGES.map((name) => {
    const manifest = here(`node_modules/${name}/package.json`);
    return existsSync(manifest) ? `${name} ${JSON.parse(readFileSync(manifest, "utf8")).version}` : `${name} (missing)`;
  });
  return [...versions, ...redisVersions(), ...pythonVersions()].join(", ");
}

const PACKAGES = [
  "ws",
  "socket.io",
  "@socket.io/redis-adapter",
  "@socket.io/redis-streams-adapter",
  "redis",
  "uwebsockets",
  "bun",
  "zod",
];

function redisVersions() {
  const version = redisVersion();
  return version === undefined ? [] : [version];
}

function pythonVersions() {
  if (peers.fastapi.missing() !== undefined) return [];
  const program = "import fastapi, uvicorn; print(f'fastapi {fastapi.__version__}, uvicorn {uvicorn.__version__}')";
  return [execFileSync(python, ["-c", program], { encoding: "utf8", timeout: 10_000 }).trim()];
}

function nodePeer(file, label, { does, package: packageName, args = [], ...given }) {
  return {
    label,
    dialect: "json",
    ...given,
    isNode: true,
    command: [process.execPath, here(`servers/${file}.mjs`), ...args],
    missing: () => (packageName === undefined ? undefined : cannotLoad(packageName)),
    does,
  };
}

/** A binary for another Node fails only when it is loaded. */
function cannotLoad(packageName) {
  try {
    createRequire(import.meta.url)(packageName);
    return undefined;
  } catch (error) {
    return `${packageName} can't be loaded here: ${String(error.message).split("\n")[0]}`;
  }
}

function answersTo(program, args, otherwise) {
  try {
    execFileSync(program, args, { stdio: "ignore", timeout: 10_000 });
    return undefined;
  } catch {
    return otherwise;
  }
}

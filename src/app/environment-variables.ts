import { Origins } from "../connection/origins.js";
import type { AppLimits } from "../declare/limits.js";
import type { EnvironmentVariable, VariableKind } from "./environment.js";
import { resolveLimits } from "./limits.js";
import { TrustedProxies } from "./proxies.js";

/** Every variable that `createApp` and `listen` read, in the order of the documents. Code comes before it, and it before the defaults. */
export const environmentVariables: readonly EnvironmentVariable[] = [
  variable("port", "port", "8000", "The port of `listen()`; 0 picks a free one."),
  variable("host", "text", "127.0.0.1", "The address of `listen()`; `0.0.0.0` is every one of this computer."),
  variable(
    "origins",
    "list",
    undefined,
    "Pages that may connect, such as `https://app.example`; `*`: any.",
    checkOrigins,
  ),
  variable(
    "trustProxy",
    "list",
    undefined,
    "Proxies that are believed: addresses, blocks, `loopback`, `private`.",
    checkProxies,
  ),
  variable("compression", "flag", "false", "Is `permessage-deflate` offered?"),
  variable("heartbeat.every", "duration", "30s", "Between two pings."),
  variable("heartbeat.timeout", "duration", "10s", "How long a sign of life may take after a ping."),
  variable("heartbeat.by", ["frame", "message"], "frame", "How plain clients are pinged."),
  variable(
    "drain.reconnectWithin",
    "duration",
    "5s",
    "When the app closes, clients of `tidings.v1` dial again within it.",
  ),
  variable("drain.deadline", "duration", "30s", "When the app closes, whoever is still there after it is ended."),
  named(
    "TIDINGS_LOG",
    "log.level",
    ["debug", "info", "warn", "error", "silent"],
    "info",
    "From which level on lines are written.",
  ),
  variable(
    "log.format",
    ["text", "json"],
    undefined,
    "How lines are written. Without it: text where a person reads (a terminal), JSON elsewhere.",
  ),
  variable("info.title", "text", "WebSocket API", "What the document and the console call the app."),
  variable("info.version", "text", "0.0.0", "The version of its API."),
  variable("info.description", "text", undefined, "What it is, in CommonMark."),
  variable(
    "http.docs",
    "flag",
    undefined,
    "The console at `/docs` and `/asyncapi.json`; true: for everybody. Without it: this computer, in development.",
  ),
  variable("http.dashboard", "flag", undefined, "The dashboard at `/dashboard`, likewise."),
  variable("http.metrics", "flag", undefined, "Prometheus' `/metrics`, likewise."),
  variable("http.port", "port", undefined, "A port of their own for these pages and the HTTP API."),
  variable("http.host", "text", "127.0.0.1", "The address of that port."),
  {
    ...variable(
      "http.api.keys",
      "list",
      undefined,
      "Keys that open the HTTP API at `/api`. Without one there is none.",
    ),
    isSecret: true,
  },
  variable("http.api.origins", "list", undefined, "Pages that may ask the HTTP API (CORS).", checkOrigins),
  limit("messageSize", "size", "64kb", "Bytes of one message."),
  limit("fragments", "count", "1024", "Frames of one message."),
  limit("messages", "rate", "10/1s", "Messages of one connection."),
  limit("messagesPerUser", "rate", undefined, "Messages of one user, over all their connections."),
  limit("control", "rate", "200/10s", "All else that a connection sends."),
  limit("strikes", "rate", "20/60s", "How often `rate_limited` is answered before the connection closes."),
  limit("handler", "duration", undefined, "How long a handler may take."),
  limit("outbox", "size", "1mb", "Bytes that wait for a socket."),
  limit("waitingMessages", "count", "64", "Messages that wait for a handler."),
  limit("waitingBytes", "size", "1mb", "Bytes of messages that wait for a handler."),
  limit("channels", "count", "100", "Channels that a connection is on."),
  limit("connectionsPerUser", "count", "50", "Connections of one user."),
  limit("connections", "count", "100000", "Connections of this process."),
  limit("connectionsPerAddress", "count", "1000", "Connections of one address."),
  limit("pending", "count", "10000", "Connections that are not yet open."),
  limit("handshake", "duration", "10s", "How long a request's headers may take."),
  limit("auth", "duration", "10s", "How long a credential by message may take."),
  limit("needs", "duration", "10s", "How long the credential's check and the dependencies may take."),
  limit("close", "duration", "5s", "How long a closing connection, and `onStop`, may take."),
  limit("expiryGrace", "duration", "25s", "From a credential's expiry to the close."),
  limit("presenceGrace", "duration", "5s", "How long a user is still present whose connection was lost."),
  limit("members", "count", "1000", "Members of a channel that are told one by one."),
  limit("historyPage", "count", "500", "Events in one answer to `history`."),
  limit("tasks", "count", "16", "Tasks that run at once in this process."),
  limit("tasksPerUser", "count", "100", "Tasks of one user that wait or run."),
  limit("taskResult", "size", "8kb", "Bytes of what a task gives."),
  limit("historyBytes", "size", "64mb", "Bytes of all histories in memory."),
  limit("positionTtl", "duration", "1d", "How long the position of an unused stream is remembered."),
  limit("revocations", "count", "10000", "Revocations that are remembered."),
  limit("apiBody", "size", "1mb", "Bytes of the body of a request to the HTTP API."),
  limit("apiBodyTime", "duration", "5s", "How long that body may take to come."),
  limit("apiBatch", "count", "1000", "Events of one batch."),
  limit("apiRequests", "count", "64", "What is asked of the HTTP API at once."),
];

/** `http.api.keys` → `TIDINGS_HTTP_API_KEYS` */
function variable(
  option: string,
  kind: VariableKind,
  preset: string | undefined,
  what: string,
  check?: EnvironmentVariable["check"],
): EnvironmentVariable {
  const words = option.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).replaceAll(".", "_");
  return named(`TIDINGS_${words.toUpperCase()}`, option, kind, preset, what, check);
}

function limit(
  name: keyof AppLimits,
  kind: VariableKind,
  preset: string | undefined,
  what: string,
): EnvironmentVariable {
  return variable(`limits.${name}`, kind, preset, what, (value: never) => resolveLimits({ [name]: value }));
}

function named(
  name: string,
  option: string,
  kind: VariableKind,
  preset: string | undefined,
  what: string,
  check?: EnvironmentVariable["check"],
): EnvironmentVariable {
  return { name, option, kind, what, default: preset, check };
}

function checkOrigins(origins: readonly string[]): void {
  new Origins(origins);
}

function checkProxies(proxies: readonly string[]): void {
  new TrustedProxies(proxies);
}

import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import {
  type AnyConnection,
  type AnyEndpoint,
  type App,
  type AppLimits,
  type AppOptions,
  type BlockedHandler,
  ConfigError,
  createApp,
  type DrainOptions,
  type EndpointLimits,
  type ErrorCode,
  type ErrorPlace,
  endpoint,
  forbidden,
  type HeartbeatOptions,
  type Issue,
  type Listening,
  type Logger,
  type Revoked,
  rawEndpoint,
  type Stats,
  TidingsError,
  unauthorized,
} from "tidings";
import { user } from "./declarations.js";
import { is, isType } from "./is.js";

declare const logger: Logger;
declare const heartbeat: HeartbeatOptions | undefined;
declare const drain: DrainOptions | undefined;
const room = endpoint("/ws/rooms/:room", { auth: user });
const echo = rawEndpoint("/ws/echo", {});

// Endpoints of any kind, and an app of one type.
const app = createApp({ endpoints: [room, echo] });
is<App>()(app);
is<App>()(createApp({ endpoints: [] }));
isType<AppOptions["endpoints"], readonly AnyEndpoint[]>(true);
isType<ReturnType<typeof createApp>, App>(true);

// Every option, and each of them undefined.
createApp({
  endpoints: [room],
  limits: { connections: 10_000, messageSize: "64kb", outbox: "1.5mb", auth: "10s", close: "500ms", channels: 20 },
  origins: ["https://app.example", "https://*.app.example"],
  heartbeat: { every: "30s", timeout: "10s", by: "message" },
  trustProxy: ["127.0.0.1", "10.0.0.0/8", "loopback", "private"],
  compression: true,
  drain: { reconnectWithin: "5s", deadline: "1m" },
  logger,
  use: [],
  onError(error, at) {
    is<unknown>()(error);
    is<ErrorPlace>()(at);
    is<string>()(at.during);
    is<string | undefined>()(at.connection);
    is<string | undefined>()(at.endpoint);
  },
});
createApp({
  endpoints: [room],
  broker: undefined,
  limits: undefined,
  origins: undefined,
  heartbeat: undefined,
  trustProxy: undefined,
  compression: undefined,
  drain: undefined,
  logger: undefined,
  use: undefined,
  onError: undefined,
});
createApp({
  endpoints: [room],
  heartbeat: { every: undefined, timeout: undefined, by: undefined },
  drain: { reconnectWithin: undefined, deadline: undefined },
});
is<AppOptions["heartbeat"]>()(heartbeat);
is<AppOptions["drain"]>()(drain);
isType<HeartbeatOptions["by"], "frame" | "message" | undefined>(true);
endpoint("/ws", {
  auth: undefined,
  needs: undefined,
  params: undefined,
  query: undefined,
  allow: undefined,
  closeCodes: undefined,
  refuse: undefined,
  subprotocols: undefined,
  limits: undefined,
  receives: undefined,
  replies: undefined,
  sends: undefined,
  channels: undefined,
  use: undefined,
  on: undefined,
  open: undefined,
  close: undefined,
});
rawEndpoint("/ws", {
  auth: undefined,
  needs: undefined,
  params: undefined,
  query: undefined,
  allow: undefined,
  closeCodes: undefined,
  refuse: undefined,
  subprotocols: undefined,
  limits: undefined,
  open: undefined,
  text: undefined,
  binary: undefined,
  run: undefined,
  close: undefined,
});

// Every limit: those of an endpoint, and those that only an app has.
const limits = {
  messageSize: "64kb",
  fragments: 4,
  messages: "10/1s",
  messagesPerUser: "100/1m",
  control: "200/10s",
  strikes: "20/60s",
  handler: "30s",
  outbox: "512b",
  waitingMessages: 1,
  waitingBytes: "1.5mb",
  channels: 2,
  connectionsPerUser: 5,
} as const satisfies Required<EndpointLimits>;
const appLimits = {
  ...limits,
  connections: 10_000,
  connectionsPerAddress: 100,
  pending: 1_000,
  handshake: "10s",
  auth: "5s",
  needs: "250ms",
  close: "500ms",
  expiryGrace: "25s",
  revocations: 1_000,
  presenceGrace: "5s",
  members: 1_000,
  historyPage: 500,
  tasks: 16,
  tasksPerUser: 100,
  taskResult: "64kb",
  apiBody: "1mb",
  apiBodyTime: "5s",
  apiBatch: 1_000,
  apiRequests: 64,
  historyBytes: "64mb",
  positionTtl: "1d",
} as const satisfies Required<AppLimits>;
isType<keyof typeof limits, keyof EndpointLimits>(true);
isType<keyof typeof appLimits, keyof AppLimits>(true);
endpoint("/ws", { limits });
rawEndpoint("/ws", { limits });
createApp({ endpoints: [room], limits: appLimits });
declare const noLimits: { readonly [Limit in keyof AppLimits]-?: undefined };
createApp({ endpoints: [room], limits: noLimits });

// What an app can do.
is<Promise<Listening>>()(app.listen(8000));
is<string>()((await app.listen(8443, { host: "0.0.0.0", tls: { cert: "…", key: "…" } })).url);
app.listen(0, { signals: ["SIGTERM", "SIGINT", "SIGHUP"] });
app.listen(0, { signals: [] });
app.listen(0, { host: undefined, tls: undefined, signals: undefined });
is<void>()(app.reloadTls({ cert: "…", key: "…" }));
is<Promise<void>>()(app.revoke({ user: "alice" }));
is<Promise<void>>()(app.revoke({ tokenId: "t1" }));
isType<Revoked, { readonly user: string } | { readonly tokenId: string }>(true);
is<Iterable<AnyConnection>>()(app.connections());
is<Stats>()(app.stats());
is<number>()(app.stats().messagesReceived);
is<number>()(app.stats().waitingBytes + app.stats().outboxBytes + app.stats().pending);
is<number>()(app.stats().pingTimeouts + app.stats().rateLimited);
is<number>()(app.stats().eventsDropped + app.stats().eventsConflated + app.stats().eventsReplayed);
is<number>()(app.stats().gaps + app.stats().catchUps + app.stats().resumes + app.stats().resumesFailed);
is<number>()(app.stats().presenceChanges);
is<readonly BlockedHandler[]>()(app.stats().blocked);
is<Promise<void>>()(app.close());
{
  await using disposable = app;
  is<App>()(disposable);
}

// Beside a server that is there already, of whatever module.
const http = createHttpServer((request, response) => app.http(request, response));
is<void>()(app.attach(http));
app.attach(createHttpsServer({}, (request, response) => app.http(request, response, () => response.end("mine"))));

// Errors that mean the same everywhere.
is<TidingsError>()(forbidden("Admin only"));
is<TidingsError>()(unauthorized());
const soldOut = new TidingsError("sold_out", "Nothing left.", { retryAfterMs: 1_000, cause: new Error("db") });
is<ErrorCode | (string & {})>()(soldOut.code);
is<number | undefined>()(soldOut.retryAfterMs);
is<readonly Issue[] | undefined>()(soldOut.issues);
is<readonly (string | number)[] | undefined>()(soldOut.issues?.[0]?.path);
const wrong = new ConfigError("missing_secret", { message: "There is no secret.", fix: "Give it one." });
is<string>()(wrong.code);
is<string>()(wrong.fix);

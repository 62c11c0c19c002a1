import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import {
  type AnyConnection,
  type AnyEndpoint,
  type App,
  type AppOptions,
  ConfigError,
  createApp,
  type ErrorCode,
  type ErrorPlace,
  endpoint,
  forbidden,
  type Issue,
  type Listening,
  type Logger,
  rawEndpoint,
  type Stats,
  TidingsError,
  unauthorized,
} from "tidings";
import { user } from "./declarations.js";
import { is, isType } from "./is.js";

declare const logger: Logger;
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
  logger: undefined,
  use: undefined,
  onError: undefined,
});
endpoint("/ws", {
  auth: undefined,
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
});
endpoint("/ws", { limits: { messageSize: "64kb", fragments: 4, outbox: "512b", waitingMessages: 1, channels: 2 } });

// What an app can do.
is<Promise<Listening>>()(app.listen(8000));
is<string>()((await app.listen(8443, { host: "0.0.0.0", tls: { cert: "…", key: "…" } })).url);
is<Iterable<AnyConnection>>()(app.connections());
is<Stats>()(app.stats());
is<number>()(app.stats().messagesReceived);
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

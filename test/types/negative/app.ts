import { type App, ConfigError, channel, createApp, endpoint, forbidden, TidingsError } from "tidings";
import { z } from "zod";

const room = endpoint("/a", {});
const news = channel("news", { events: { item: z.object({ title: z.string() }) } });
declare const app: App;

// @ts-expect-error a channel is no endpoint
createApp({ endpoints: [news] });
// @ts-expect-error a list of endpoints
createApp({ endpoints: room });
// @ts-expect-error an app is none either
createApp({ endpoints: [app] });
// @ts-expect-error endpoints are needed, if only none
createApp({});
// @ts-expect-error endpoints are given with the other options
createApp([room]);
// @ts-expect-error an app has no type parameter
createApp<typeof room>({ endpoints: [room] });
// @ts-expect-error and so has its type
export type Typed = App<typeof room>;
// @ts-expect-error no such option
createApp({ endpoints: [room], endpoint: room });
// @ts-expect-error a URL is no broker
createApp({ endpoints: [room], broker: "redis://localhost" });
// @ts-expect-error a logger has four methods
createApp({ endpoints: [room], logger: { info() {} } });
// @ts-expect-error an error may be of any kind
createApp({ endpoints: [room], onError: (error) => error.message });

// @ts-expect-error a unit as a word
createApp({ endpoints: [room], limits: { auth: "10 seconds" } });
// @ts-expect-error a duration has a unit
createApp({ endpoints: [room], limits: { close: 5_000 } });
// @ts-expect-error no such unit of time
createApp({ endpoints: [room], limits: { close: "1w" } });
// @ts-expect-error a size has a unit
endpoint("/a", { limits: { messageSize: 64 } });
// @ts-expect-error a unit in lower case
endpoint("/a", { limits: { messageSize: "64KB" } });
// @ts-expect-error no such unit of size
endpoint("/a", { limits: { outbox: "1gb" } });
// @ts-expect-error a count is a number
endpoint("/a", { limits: { channels: "20" } });
// @ts-expect-error no such limit
endpoint("/a", { limits: { payload: "64kb" } });
// @ts-expect-error a limit of the app, not of an endpoint
endpoint("/a", { limits: { connections: 10 } });

// @ts-expect-error a port is a number
app.listen("8000");
// @ts-expect-error a key belongs to a certificate
app.listen(8443, { tls: { cert: "…" } });
// @ts-expect-error a port is no server
app.attach(8000);
// @ts-expect-error a code is needed
app.disconnectUser("alice", { reason: "forbidden" });
// @ts-expect-error a user is named by an id
app.isConnected({ id: "alice" });
// @ts-expect-error a message to a user is published to an inbox
app.send("alice", "notice", { text: "hi" });
// @ts-expect-error numbers are only read
app.stats().connections = 0;

// @ts-expect-error a code is a string
new TidingsError(403);
// @ts-expect-error the message comes first
forbidden({ message: "Admin only" });
// @ts-expect-error a fix is needed
new ConfigError("wrong", { message: "It is wrong." });

import { type App, ConfigError, channel, createApp, endpoint, forbidden, rawEndpoint, TidingsError } from "tidings";
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

// @ts-expect-error a list of origins
createApp({ endpoints: [room], origins: "https://app.example" });
// @ts-expect-error of strings
createApp({ endpoints: [room], origins: [/app.example$/] });
// @ts-expect-error a list of proxies
createApp({ endpoints: [room], trustProxy: true });
// @ts-expect-error which are no numbers
createApp({ endpoints: [room], trustProxy: [1] });
// @ts-expect-error a duration has a unit
createApp({ endpoints: [room], heartbeat: { every: 30_000 } });
// @ts-expect-error a heartbeat that is none
createApp({ endpoints: [room], heartbeat: { every: false } });
// @ts-expect-error no such way to ping
createApp({ endpoints: [room], heartbeat: { by: "text" } });
// @ts-expect-error no such option of a heartbeat
createApp({ endpoints: [room], heartbeat: { interval: "30s" } });
// @ts-expect-error a duration has a unit
createApp({ endpoints: [room], drain: { deadline: 30 } });
// @ts-expect-error no such option of a drain
createApp({ endpoints: [room], drain: { timeout: "30s" } });
// @ts-expect-error compressed or not: there is nothing to set
createApp({ endpoints: [room], compression: { level: 9 } });
// @ts-expect-error what belongs to an endpoint
createApp({ endpoints: [room], needs: {} });

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
// @ts-expect-error nor this one
rawEndpoint("/a", { limits: { expiryGrace: "25s" } });
// @ts-expect-error a rate is so many in so much time
endpoint("/a", { limits: { messages: 10 } });
// @ts-expect-error whose time has a unit
endpoint("/a", { limits: { messages: "10/1" } });
// @ts-expect-error in which there is nothing else
endpoint("/a", { limits: { control: "200 per 10s" } });
// @ts-expect-error so many is a number
createApp({ endpoints: [room], limits: { messagesPerUser: "many/1s" } });
// @ts-expect-error a duration is no rate
createApp({ endpoints: [room], limits: { strikes: "60s" } });
// @ts-expect-error a count is a number
createApp({ endpoints: [room], limits: { revocations: "10000" } });
// @ts-expect-error a size has a unit
createApp({ endpoints: [room], limits: { historyBytes: 1_048_576 } });
// @ts-expect-error a duration has a unit
createApp({ endpoints: [room], limits: { presenceGrace: 5_000 } });
// @ts-expect-error members are of the app's channels, not of an endpoint
endpoint("/a", { limits: { members: 10 } });
// @ts-expect-error a limit of one address has another name
createApp({ endpoints: [room], limits: { connectionsPerIp: 10 } });

// @ts-expect-error a port is a number
app.listen("8000");
// @ts-expect-error a key belongs to a certificate
app.listen(8443, { tls: { cert: "…" } });
// @ts-expect-error nobody can listen to this signal
app.listen(8000, { signals: ["SIGKILL"] });
// @ts-expect-error a list of signals
app.listen(8000, { signals: "SIGTERM" });
// @ts-expect-error nor is there a yes
app.listen(8000, { signals: false });
// @ts-expect-error a certificate belongs to a key
app.reloadTls({ cert: "…" });
// @ts-expect-error both are texts
app.reloadTls({ cert: new Uint8Array(1), key: new Uint8Array(1) });
// @ts-expect-error what is revoked has a name
app.revoke("alice");
// @ts-expect-error a user, or a token
app.revoke({});
// @ts-expect-error a token is named by an id
app.revoke({ token: "t1" });
// @ts-expect-error a user is named by an id
app.revoke({ user: { id: "alice" } });
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
// @ts-expect-error nor is a list of them added to
app.stats().blocked.push({ endpoint: "/a", during: "open", times: 1, longestMs: 1 });

// @ts-expect-error a code is a string
new TidingsError(403);
// @ts-expect-error the message comes first
forbidden({ message: "Admin only" });
// @ts-expect-error a fix is needed
new ConfigError("wrong", { message: "It is wrong." });

import { channel, createApp, dependency, endpoint, rawEndpoint } from "tidings";
import { jwt } from "tidings/auth";
import { type RawTestConnection, startTestApp, type TestApp } from "tidings/testing";
import { z } from "zod";
import { db, user } from "../declarations.js";

const guest = jwt({ secret: "s", claims: z.object({ sub: z.string(), table: z.number() }) });
const account = dependency({ needs: { user }, create: ({ user }) => ({ id: user.id, plan: "free" }) });
const chat = channel("chat/:room", { events: { said: z.object({ text: z.string() }) } });
const watched = channel("watched", { events: { said: z.object({ text: z.string() }) }, presence: true });
const other = channel("other", { events: { said: z.object({ text: z.string() }) }, presence: true });
const room = endpoint("/a/:room", {
  auth: user,
  receives: { say: z.object({ text: z.string() }), add: z.object({ a: z.number(), b: z.number() }) },
  channels: [chat, watched],
  on: { say() {}, add: (_, { a, b }) => a + b },
});
const echo = rawEndpoint("/echo", {});
const app = createApp({ endpoints: [room, echo] });
const ana = { id: "ana", sub: "ana", name: "Ana", role: "admin" } as const;
declare const server: TestApp;
declare const client: Awaited<ReturnType<typeof server.connect<typeof room>>>;
declare const raw: RawTestConnection;
declare const either: ReturnType<typeof watched> | ReturnType<typeof other>;
const lobby = chat({ room: "lobby" });

// @ts-expect-error a fake gives all of the user
startTestApp(app, { override: [[user, () => ({ id: "ana" })]] });
// @ts-expect-error a fake gives no other role
startTestApp(app, { override: [[user, () => ({ ...ana, role: "owner" })]] });
// @ts-expect-error not even later
startTestApp(app, { override: [[user, async () => ({ ...ana, role: "owner" })]] });
startTestApp(app, {
  override: [
    [user, () => ana],
    // @ts-expect-error a second fake is looked at as well
    [guest, () => ({ id: "bob" })],
  ],
});
startTestApp(app, {
  override: [
    [user, () => ana],
    // @ts-expect-error of another kind too: these are no rows
    [db, () => ({ query: async () => ["x"], async end() {} })],
    // @ts-expect-error a key too few
    [account, () => ({ id: "ana" })],
  ],
});
// @ts-expect-error a fake of a dependency is as much as the dependency
startTestApp(app, { override: [[db, () => ({ query: async () => [] })]] });
// @ts-expect-error a value of another type
startTestApp(app, { override: [[account, ({ token }) => ({ id: token, plan: 7 })]] });
// @ts-expect-error not even later
startTestApp(app, { override: [[account, async ({ token }) => ({ id: token, plan: 7 })]] });
// @ts-expect-error what the dependency needs is not made for its fake
startTestApp(app, { override: [[account, ({ user }) => ({ id: user.id, plan: "free" })]] });
// @ts-expect-error nobody, where there has to be somebody
startTestApp(app, { override: [[account, () => undefined]] });
// @ts-expect-error pairs in a list
startTestApp(app, { override: { user: () => ana } });
// @ts-expect-error a function, not a user
startTestApp(app, { override: [[user, ana]] });
// @ts-expect-error a credential alone is no pair
startTestApp(app, { override: [user] });
// @ts-expect-error an endpoint can't be overridden
startTestApp(app, { override: [[room, () => ana]] });
// @ts-expect-error nothing of this name is given to a fake
startTestApp(app, { override: [[user, ({ tokn }) => ({ ...ana, id: tokn })]] });
// @ts-expect-error an app, not its endpoints
startTestApp([room]);
// @ts-expect-error a limit has a unit
startTestApp(app, { limits: { outbox: 1024 } });

// @ts-expect-error an app is no endpoint
server.connect<typeof app>("/a/lobby");
// @ts-expect-error a channel is no endpoint
server.connect<typeof chat>("/a/lobby");
// @ts-expect-error an endpoint's type, not its value
server.connect<room>("/a/lobby");
// @ts-expect-error no such kind of client
server.connect("/a/lobby", { as: "mobile" });
// @ts-expect-error no such option
server.connect("/a/lobby", { cookie: "session_id=s1" });
// @ts-expect-error cookies by name, not as a header
server.connect("/a/lobby", { cookies: "session_id=s1" });
// @ts-expect-error a token is a string
server.connect("/a/lobby", { token: { id: "ana" } });
// @ts-expect-error an origin is a string
server.connect("/a/lobby", { origin: new URL("https://app.example") });
// @ts-expect-error yes or no
server.connect("/a/lobby", { answersPings: "never" });
// @ts-expect-error a unit as a word
server.clock.advance("31 seconds");
// @ts-expect-error a duration has a unit
server.clock.advance(31_000);

// @ts-expect-error no such message
client.send("sya", { text: "hi" });
// @ts-expect-error another key
client.send("say", { txt: "hi" });
// @ts-expect-error a value of another type
client.send("say", { text: 3 });
// @ts-expect-error a payload is needed
client.send("say");
// @ts-expect-error a payload has keys
client.send("say", "hi");
// @ts-expect-error a key too few
client.request("add", { a: 1 });
// @ts-expect-error no such message
client.request("subtract", { a: 1, b: 2 });
// @ts-expect-error an event is no message to send
client.send("said", { text: "hi" });
// @ts-expect-error no such event
client.next("sad");
// @ts-expect-error a message that is sent does not arrive
client.next("say");
// @ts-expect-error no such key in the event
(await client.next("said")).txt;
// @ts-expect-error a number
(await client.request("add", { a: 1, b: 2 })).trim();
// @ts-expect-error nothing to look into
(await client.request("say", { text: "hi" })).text;
// @ts-expect-error raw clients have no messages
raw.request("say", { text: "hi" });
// @ts-expect-error a frame is text or bytes
raw.send({ type: "say" });
// @ts-expect-error frames have no names
raw.next("said");
// @ts-expect-error a message as it arrived has not been looked at
client.unread[0]?.payload.text;

// @ts-expect-error the endpoint lists no such channel
client.subscribe(other());
// @ts-expect-error nor is it left
client.unsubscribe(other());
// @ts-expect-error nor published to
client.publish(other(), "said", { text: "hi" });
// @ts-expect-error nor are its members asked for
client.presence(other());
// @ts-expect-error nor its history
client.history(other());
// @ts-expect-error nor can it be heard
client.nextOn(other(), "said");
// @ts-expect-error one that may be of no use either
client.subscribe(either);
// @ts-expect-error a family of channels is not one of them
client.subscribe(watched);
// @ts-expect-error a channel's name is no channel
client.subscribe("watched");
// @ts-expect-error this channel has no presence
client.presence(lobby);
// @ts-expect-error a place has two parts
client.subscribe(lobby, { since: { offset: 1 } });
// @ts-expect-error an offset is a number
client.subscribe(lobby, { since: { epoch: "k3", offset: "1" } });
// @ts-expect-error a number of events
client.subscribe(lobby, { rewind: "10" });
// @ts-expect-error yes or no
client.subscribe(lobby, { presence: "watch" });
// @ts-expect-error no such option
client.subscribe(lobby, { sinse: { epoch: "k3", offset: 1 } });
// @ts-expect-error no such event on the channel
client.publish(lobby, "sad", { text: "hi" });
// @ts-expect-error another key
client.publish(lobby, "said", { txt: "hi" });
// @ts-expect-error no payload
client.publish(lobby, "said");
// @ts-expect-error a key is a text
client.publish(lobby, "said", { text: "hi" }, { key: 7 });
// @ts-expect-error whom it is kept from only server code says
client.publish(lobby, "said", { text: "hi" }, { except: { id: "c1" } });
// @ts-expect-error yes or no
client.presence(watched(), { watch: "yes" });
// @ts-expect-error no such range
client.history(lobby, { last: 10 });
// @ts-expect-error no such event on the channel
client.nextOn(lobby, "sad");
// @ts-expect-error what is about a connection is about no channel
client.nextOn(lobby, "error");
// @ts-expect-error no such key in the event
(await client.nextOn(lobby, "said")).payload.txt;
// @ts-expect-error it may have no offset
(await client.nextOn(lobby, "said")).offset.toFixed();
// @ts-expect-error there is no snapshot to have a state of
(await client.subscribe(lobby)).state.text;
// @ts-expect-error by channel
server.connect("/a/lobby", { since: { epoch: "k3", offset: 1 } });
// @ts-expect-error frames are of no channel
raw.subscribe(lobby);

import { type App, channel, endpoint, type Overflow, stateAt } from "tidings";
import { z } from "zod";
import { db, user } from "../declarations.js";

const said = z.object({ from: z.string(), text: z.string() });
const chat = channel("chat/:room", { events: { said } });
const news = channel("news", { events: { item: z.object({ title: z.string() }) } });
declare const app: App;

// @ts-expect-error an event of another name
app.publish(chat({ room: "a" }), "sid", { from: "a", text: "b" });
// @ts-expect-error an event of another channel
app.publish(chat({ room: "a" }), "item", { title: "a" });
// @ts-expect-error another key in the payload
app.publish(chat({ room: "a" }), "said", { from: "a", txt: "b" });
// @ts-expect-error a key too few
app.publish(chat({ room: "a" }), "said", { from: "a" });
// @ts-expect-error a value of another type
app.publish(chat({ room: "a" }), "said", { from: "a", text: 1 });
// @ts-expect-error no payload
app.publish(chat({ room: "a" }), "said");
// @ts-expect-error a family of channels is not one of them
app.publish(chat, "said", { from: "a", text: "b" });
// @ts-expect-error not even where there is only one
app.publish(news, "item", { title: "a" });
// @ts-expect-error a channel's name is no channel
app.publish("news", "item", { title: "a" });
// @ts-expect-error an id is no connection
app.publish(news(), "item", { title: "a" }, { except: "c1" });
// @ts-expect-error no such option
app.publish(news(), "item", { title: "a" }, { exept: { id: "c1" } });
// @ts-expect-error a key is a text
app.publish(news(), "item", { title: "a" }, { key: 7 });

// @ts-expect-error a param of another name
chat({ rom: "a" });
// @ts-expect-error a param too many
chat({ room: "a", place: "b" });
// @ts-expect-error a param is needed
chat();
// @ts-expect-error an empty set of them is not enough
chat({});
// @ts-expect-error params have names
chat("lobby");
// @ts-expect-error params are strings
chat({ room: 7 });
// @ts-expect-error this one has none
news({});

// @ts-expect-error no channel is listed
endpoint("/a/:room", { open: ({ connection, params }) => connection.join(chat(params)) });
// @ts-expect-error another channel is listed
endpoint("/a/:room", { channels: [news], open: ({ connection, params }) => connection.join(chat(params)) });
// @ts-expect-error a channel that is not listed, beside one that is
endpoint("/a", { channels: [news], open: ({ connection }) => connection.join(news(), chat({ room: "a" })) });
// @ts-expect-error nor can one be left
endpoint("/a/:room", { channels: [news], open: ({ connection, params }) => connection.leave(chat(params)) });
// @ts-expect-error one of them is joined, not all
endpoint("/a", { channels: [news], open: ({ connection }) => connection.join(news) });
// @ts-expect-error a channel's name is no channel
endpoint("/a", { channels: [news], open: ({ connection }) => connection.join("news") });
// @ts-expect-error the path has another param than the channel
endpoint("/a/:place", { channels: [chat], open: ({ connection, params }) => connection.join(chat(params)) });
// @ts-expect-error a list of channels, not of names
endpoint("/a", { channels: ["chat/:room"] });
// @ts-expect-error a list, not one of them
endpoint("/a", { channels: news });
// @ts-expect-error the family is listed, not one of its channels
endpoint("/a", { channels: [chat({ room: "a" })] });
// @ts-expect-error an endpoint is no channel
endpoint("/a", { channels: [endpoint("/b", {})] });

// @ts-expect-error what servers of the protocol say can be no event
channel("a", { events: { error: said } });
// @ts-expect-error beside events of one's own as well
channel("a", { events: { said, presence: said } });
// @ts-expect-error a function is no schema
channel("a", { events: { said: (text: string) => text } });
// @ts-expect-error events are needed
channel("a", {});
// @ts-expect-error and no option of another name
channel("a", { event: { said } });
// @ts-expect-error a list of names says nothing of their payloads
channel("a", { events: ["said"] });

const events = { said, moved: z.object({ at: z.date() }) };
const watched = channel("watched", { events, presence: () => ({ name: "ana" }), history: { size: 1, ttl: "1m" } });

// @ts-expect-error dependencies by name, not in a list
channel("a", { events, needs: [user] });
// @ts-expect-error a value is no dependency
channel("a", { events, needs: { size: 7 } });
// @ts-expect-error a name that is taken
channel("a", { events, needs: { params: user } });
// @ts-expect-error another one
channel("a", { events, needs: { app: db } });

// @ts-expect-error how long is needed
channel("a", { events, history: { size: 100 } });
// @ts-expect-error how many are needed
channel("a", { events, history: { ttl: "5m" } });
// @ts-expect-error a time has a unit
channel("a", { events, history: { size: 100, ttl: 300_000 } });
// @ts-expect-error no such unit
channel("a", { events, history: { size: 100, ttl: "1w" } });
// @ts-expect-error nor is there a yes
channel("a", { events, history: true });
// @ts-expect-error no such option
channel("a", { events, history: { size: 100, ttl: "5m", max: 7 } });

// @ts-expect-error what is not needed is not given
channel("a", { events, presence: ({ user }) => ({ name: user.name }) });
// @ts-expect-error no such key of the user
channel("a", { events, needs: { user }, presence: ({ user }) => ({ name: user.nam }) });
// @ts-expect-error no such param
channel("a/:room", { events, presence: ({ params }) => ({ room: params.rom }) });
// @ts-expect-error it is asked at once: what takes time is a dependency
channel("a", { events, needs: { user }, presence: async ({ user }) => ({ name: user.name }) });
// @ts-expect-error not even sometimes
channel("a", { events, needs: { user }, presence: ({ user }) => (user.name ? { n: 1 } : Promise.resolve({ n: 2 })) });
// @ts-expect-error a name is no object
channel("a", { events, needs: { user }, presence: ({ user }) => user.name });
// @ts-expect-error nor is nothing
channel("a", { events, presence() {} });
// @ts-expect-error nor what nobody knows
channel("a", { events, presence: (): unknown => ({ name: "ana" }) });
// @ts-expect-error a word is no yes
channel("a", { events, presence: "yes" });
// @ts-expect-error there is no need to say no
channel("a", { events, presence: false });

// @ts-expect-error it is loaded for all who arrive, not for one user
channel("a", { events, needs: { user, db }, snapshot: ({ user }) => user.id });
// @ts-expect-error what is not needed is not given
channel("a", { events, snapshot: ({ db }) => db.query("select …", []) });
// @ts-expect-error nobody's connection either
channel("a", { events, snapshot: ({ connection }) => connection.id });
// @ts-expect-error a function, not the state
channel("a", { events, snapshot: { price: 1 } });
// @ts-expect-error the offset is a number
channel("a", { events, snapshot: () => stateAt({ epoch: "k3", offset: "7" }, { price: 1 }) });
// @ts-expect-error the state comes second
channel("a", { events, snapshot: () => stateAt({ epoch: "k3", offset: 7 }) });

// @ts-expect-error no such way
channel("a", { events, overflow: "keep-latest" });
// @ts-expect-error a key too many
channel("a", { events, overflow: { keepLatestBy: (event) => event.type, max: 7 } });
// @ts-expect-error no such key of an event
channel("a", { events, overflow: { keepLatestBy: (event) => event.typ } });
// @ts-expect-error no such event
channel("a", { events, overflow: { keepLatestBy: (event) => (event.type === "sid" ? "a" : "b") } });
// @ts-expect-error not every event has it
channel("a", { events, overflow: { keepLatestBy: (event) => event.payload.from } });
// @ts-expect-error a key is a text
channel("a", { events, overflow: { keepLatestBy: (event) => event.type.length } });
// @ts-expect-error a function of the event, not a name
channel("a", { events, overflow: { keepLatestBy: "type" } });
// @ts-expect-error one of other events
channel("a", { events, overflow: {} as Overflow<{ readonly type: "sold"; readonly payload: { n: number } }> });

// @ts-expect-error who may what
channel("a", { events, allow: "yes" });
// @ts-expect-error each by its name
channel("a", { events, allow: true });
// @ts-expect-error nor in a list
channel("a", { events, allow: ["subscribe"] });
// @ts-expect-error no such right
channel("a", { events, allow: { read: true } });
// @ts-expect-error a word is no yes
channel("a", { events, allow: { subscribe: "yes" } });
// @ts-expect-error nor is it an answer
channel("a", { events, needs: { user }, allow: { subscribe: ({ user }) => user.name } });
// @ts-expect-error not even later
channel("a", { events, needs: { user }, allow: { publish: async ({ user }) => user.name } });
// @ts-expect-error what is not needed is not given
channel("a", { events, allow: { subscribe: ({ user }) => user.role === "admin" } });
// @ts-expect-error no such param
channel("a/:room", { events, allow: { subscribe: ({ params }) => params.rom === "open" } });
// @ts-expect-error there is no event yet
channel("a", { events, allow: { subscribe: (_, event) => event.type === "said" } });
// @ts-expect-error no such event
channel("a", { events, allow: { publish: (_, event) => event.type === "sold" } });
// @ts-expect-error the payload of one event is not that of all
channel("a", { events, allow: { publish: (_, event) => event.payload.text !== "" } });
// @ts-expect-error as the schema made it, not as the client gave it
channel("a", { events, allow: { publish: (_, event) => event.type === "moved" && event.payload.at.trim() !== "" } });

// @ts-expect-error nobody is watched there
app.presence(news());
// @ts-expect-error a family of channels is not one of them
app.presence(watched);
// @ts-expect-error nor is a name
app.presence("watched");
// @ts-expect-error a member shows what `presence` gives
(await app.presence(watched()))[0]?.nam;
// @ts-expect-error and is only read
(await app.presence(watched())).push({ id: "ana", name: "Ana" });
// @ts-expect-error a name is no channel
app.history("watched");
// @ts-expect-error so many is a number
app.history(watched(), { limit: "50" });
// @ts-expect-error what follows can't be asked for
app.history(watched(), { after: 7 });
// @ts-expect-error no event has this name
app.history(watched()).then(([event]) => event?.type === "sold");

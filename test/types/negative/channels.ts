import { type App, channel, endpoint } from "tidings";
import { z } from "zod";

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

import { channel, endpoint, rawEndpoint } from "tidings";
import { connect, type TaskId } from "tidings/client";
import { tasks } from "tidings/tasks";
import { z } from "zod";

const events = { said: z.object({ text: z.string() }) };
const chat = channel("chat/:room", { events, presence: true });
const kept = channel("kept", { events, history: { size: 1, ttl: "1m" } });
const perhaps = channel("perhaps", { events, history: (Math.random() > 0.5 && { size: 1, ttl: "1m" }) || undefined });
const room = endpoint("/ws/:room", {
  query: z.object({ page: z.string() }),
  receives: { say: z.object({ text: z.string() }), leave: z.object({}) },
  channels: [chat, kept, perhaps],
});
const raw = rawEndpoint("/raw", { text: () => {} });
const jobs = endpoint("/jobs", { channels: [tasks] });
const client = connect<typeof room>("/ws/lobby");
const withTasks = connect<typeof jobs>("/jobs");
declare const id: TaskId<number>;

// @ts-expect-error it is not said which endpoint
connect("/ws/lobby");
// @ts-expect-error another path
connect<typeof room>("/wss/lobby");
// @ts-expect-error no path
connect<typeof room>("https://app.example");
// @ts-expect-error an address is a text
connect<typeof room>(new URL("https://app.example/ws/lobby"));
// @ts-expect-error a raw endpoint speaks no messages
connect<typeof raw>("/raw");
// @ts-expect-error no such option
connect<typeof room>("/ws/lobby", { tokn: "a" });
// @ts-expect-error another query
connect<typeof room>("/ws/lobby", { query: { pag: "3" } });
// @ts-expect-error a query is what a client gives
connect<typeof room>("/ws/lobby", { query: { page: 3 } });
// @ts-expect-error a token is a text
connect<typeof room>("/ws/lobby", { token: 7 });
// @ts-expect-error a token is a text, whoever gives it
connect<typeof room>("/ws/lobby", { token: async () => ({ token: "a" }) });
// @ts-expect-error a time has a unit
connect<typeof room>("/ws/lobby", { timeout: 10_000 });
// @ts-expect-error a time has a unit that there is
connect<typeof room>("/ws/lobby", { timeout: "10sec" });
// @ts-expect-error codes are a list
connect<typeof room>("/ws/lobby", { retryOn: 4001 });

// @ts-expect-error a message of another name
client.send("sai", { text: "hi" });
// @ts-expect-error another key in the payload
client.send("say", { txt: "hi" });
// @ts-expect-error a value of another type
client.send("say", { text: 7 });
// @ts-expect-error a payload is needed
client.send("say");
// @ts-expect-error a message of another name
client.request("sai", { text: "hi" });
// @ts-expect-error a payload is needed
client.request("say");
// @ts-expect-error the options come after the payload
client.request("say", { timeout: "1s" });
// @ts-expect-error no such option
client.request("leave", {}, { timout: "1s" });
// @ts-expect-error a signal is an AbortSignal
client.request("leave", {}, { signal: new AbortController() });
// @ts-expect-error an event is no message that it takes
client.send("said", { text: "hi" });

// @ts-expect-error nothing of this name arrives
client.on("sad", () => {});
// @ts-expect-error what it takes does not arrive
client.on("say", () => {});
// @ts-expect-error another payload
client.on("said", ({ txt }) => txt);
// @ts-expect-error a listener is a function
client.on("said");
// @ts-expect-error a status that there is not
client.onStatus((status) => status === "opened");
// @ts-expect-error it is asked for, not set
client.status = "open";

// @ts-expect-error no such channel here
client.subscribe("news");
// @ts-expect-error a name is no pattern
client.subscribe("chat/lobby");
// @ts-expect-error a param is needed
client.subscribe("chat/:room");
// @ts-expect-error a param of another name
client.subscribe("chat/:room", { rom: "lobby" });
// @ts-expect-error params are texts
client.subscribe("chat/:room", { room: 7 });
// @ts-expect-error where there is a history something is to be done about a gap
client.subscribe("kept");
// @ts-expect-error also where there are other options
client.subscribe("kept", { rewind: 5 });
// @ts-expect-error nothing is not something
client.subscribe("kept", { onGap: undefined });
// @ts-expect-error where there may be a history too
client.subscribe("perhaps");
// @ts-expect-error this one has no params
client.subscribe("kept", {}, { onGap() {} });
// @ts-expect-error no such option
client.subscribe("kept", { onGap() {}, rewnd: 5 });

const lobby = client.subscribe("chat/:room", { room: "lobby" });
const own = client.subscribe("kept", { onGap() {} });
// @ts-expect-error an event of another name
lobby.on("sad", () => {});
// @ts-expect-error an event of another name
lobby.publish("sad", { text: "hi" });
// @ts-expect-error another payload
lobby.publish("said", { txt: "hi" });
// @ts-expect-error a payload is needed
lobby.publish("said");
// @ts-expect-error nobody is shown there
own.presence.members;
// @ts-expect-error there is one thing to listen to
lobby.presence.on("changed", () => {});
// @ts-expect-error a range has other names
own.history({ size: 5 });
// @ts-expect-error it has no snapshot
lobby.state.price;

// @ts-expect-error it lists no tasks
client.tasks.done(id);
// @ts-expect-error a task comes to other statuses
withTasks.tasks.on("running", () => {});
// @ts-expect-error what is known of tasks is only read
withTasks.tasks.all.clear();
// @ts-expect-error the result is another
const words: Promise<string> = withTasks.tasks.done(id);
void words;

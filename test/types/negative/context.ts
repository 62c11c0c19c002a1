import { type ContextOf, channel, createApp, endpoint, type Middleware, rawEndpoint } from "tidings";
import { z } from "zod";
import { everyone, user } from "../declarations.js";

const say = z.object({ text: z.string() });
const chat = channel("chat", { events: { said: say } });
const adminsOnly: Middleware<{ readonly user: { role: "admin" } }> = (_ctx, _message, next) => next();
const signedIn: Middleware<{ readonly user: { id: string } }> = (_ctx, _message, next) => next();
const shape = { auth: user, receives: { say }, sends: { hint: say }, channels: [everyone] } as const;
declare const ctx: ContextOf<typeof shape, "/a/:room">;

// @ts-expect-error no such param
endpoint("/a/:room", { open: ({ params }) => params.rom });
// @ts-expect-error a path without params
endpoint("/a", { open: ({ params }) => params.room });
// @ts-expect-error no such param of the schema
endpoint("/a/:room", { params: z.object({ room: z.coerce.number() }), open: ({ params }) => params.rom });
// @ts-expect-error a number now
endpoint("/a/:room", { params: z.object({ room: z.coerce.number() }), open: ({ params }) => params.room.trim() });
// @ts-expect-error no such key of the query's schema
endpoint("/a", { query: z.object({ version: z.coerce.number() }), open: ({ query }) => query.verson });
// @ts-expect-error a key of the query may be missing
endpoint("/a", { open: ({ query }) => query.version.trim() });
// @ts-expect-error a schema, not one for each param
endpoint("/a/:room", { params: { room: z.coerce.number() } });
// @ts-expect-error the context is read only
endpoint("/a", { open: (ctx) => (ctx.user = undefined) });
// @ts-expect-error nothing else is in it
endpoint("/a", { open: ({ db }) => db });
// @ts-expect-error a connection's channels are not added to by hand
endpoint("/a", { open: ({ connection }) => connection.channels.add("chat") });
// @ts-expect-error no such option
endpoint("/a", { onOpen() {} });
// @ts-expect-error a path is a string
endpoint({ path: "/a" });

// @ts-expect-error no handlers for messages beside those for frames
rawEndpoint("/a", { text() {}, receives: { say } });
// @ts-expect-error nor any of their own
rawEndpoint("/a", { on: { say() {} } });
// @ts-expect-error no messages to send
rawEndpoint("/a", { sends: { hint: say } });
// @ts-expect-error no channels
rawEndpoint("/a", { channels: [chat] });
// @ts-expect-error no middleware, which is around messages
rawEndpoint("/a", { use: [signedIn] });
// @ts-expect-error a frame is text or bytes
rawEndpoint("/a", { open: ({ connection }) => connection.send({ type: "say" }) });
// @ts-expect-error a frame has no name
rawEndpoint("/a", { open: ({ connection }) => connection.send("say", { text: "hi" }) });
// @ts-expect-error no channel to join
rawEndpoint("/a", { open: ({ connection }) => connection.join(chat()) });
// @ts-expect-error a text frame is no JSON yet
rawEndpoint("/a", { text: (_, message) => message.type });
// @ts-expect-error bytes are no text
rawEndpoint("/a", { binary: (_, bytes: string) => bytes });
// @ts-expect-error a loop is asynchronous
rawEndpoint("/a", { run: ({ connection }) => connection.frames() });
// @ts-expect-error no text frames where there are messages
endpoint("/a", { text() {} });
// @ts-expect-error no binary frames where there are messages
endpoint("/a", { binary() {} });
// @ts-expect-error no loop where there are messages
endpoint("/a", { async run() {} });
// @ts-expect-error no frames to read where there are messages
endpoint("/a", { open: ({ connection }) => connection.frames() });
// @ts-expect-error no frames to send where there are messages
endpoint("/a", { sends: { hint: say }, open: ({ connection }) => connection.send(new Uint8Array(1)) });
// @ts-expect-error one way to send
endpoint("/a", { open: ({ connection }) => connection.sendText("hi") });

// @ts-expect-error this endpoint's user is not always an admin
endpoint("/a", { auth: user, use: [adminsOnly] });
// @ts-expect-error this endpoint has no user
endpoint("/a", { use: [signedIn] });
// @ts-expect-error not every endpoint of an app has a user
createApp({ endpoints: [], use: [signedIn] });
// @ts-expect-error a middleware for any endpoint can't rely on a user
export const trusting: Middleware = ({ user }, _message, next) => (user.id === "ana" ? next() : undefined);
// @ts-expect-error a payload is not known in a middleware
export const reading: Middleware = (_ctx, { payload }, next) => (payload.text === "" ? undefined : next());
// @ts-expect-error a middleware changes no message
export const renaming: Middleware = (_ctx, message) => (message.type = "other");
// @ts-expect-error nothing is handed on
export const adding: Middleware = (ctx, _message, next) => next({ ...ctx, account: 1 });
// @ts-expect-error a list of them
endpoint("/a", { use: signedIn });

// @ts-expect-error no such param of the path
ctx.params.rom;
// @ts-expect-error no such message in the shape's `sends`
ctx.connection.send("hnt", { text: "hi" });
// @ts-expect-error no such channel in the shape's `channels`
ctx.connection.join(chat());
// @ts-expect-error a handler made for another user
endpoint("/a", { receives: { say }, on: { say: (_: ContextOf<typeof shape, "/a">) => 1 } });

import type { App, Channel, Dependency, Endpoint } from "tidings";
import { startTestApp } from "tidings/testing";
import { app, chat, room, user } from "./first-screen.js";
import { is } from "./is.js";

interface ChatContract {
  pattern: "chat/:room";
  publishes: { said: { from: string; text: string }; left: { name: string } };
  events: { said: { from: string; text: string }; left: { name: string } };
  member: never;
  state: never;
  history: false;
}
interface RoomContract {
  path: "/ws/rooms/:room";
  query: Readonly<Record<string, string>>;
  receives: { say: { text: string } };
  replies: { say: null };
  sends: Record<never, never>;
  channels: { "chat/:room": ChatContract };
}

// What is declared says all that the other side may know, in plain types.
is<App>()(app);
is<Dependency<{ sub: string; name: string; readonly id: string }, "connection">>()(user);
is<Channel<ChatContract>>()(chat);
is<Endpoint<RoomContract>>()(room);

// And a client that has the endpoint's type alone knows it.
await using server = await startTestApp(app, {
  override: [[user, ({ token }) => ({ id: token, sub: token, name: token })]],
});
const ana = await server.connect<typeof room>("/ws/rooms/lobby", { token: "ana" });
ana.send("say", { text: "hi" });
is<null>()(await ana.request("say", { text: "hi" }));
is<{ from: string; text: string }>()(await ana.next("said"));
is<{ name: string }>()(await ana.next("left"));

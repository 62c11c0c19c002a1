import { type App, type ContractOf, channel, createApp, endpoint, type Published } from "tidings";
import { z } from "zod";
import { is, isType } from "./is.js";

// A handler may use the app of its own module, which is made of the handler's endpoint: the two types don't need each other.
const chat = channel("chat", { events: { said: z.object({ text: z.string() }) } });
export const room = endpoint("/ws", {
  receives: { say: z.object({ text: z.string() }), count: z.object({}) },
  channels: [chat],
  async open({ connection }) {
    connection.join(chat());
    is<boolean>()(await app.isConnected("ana"));
  },
  on: {
    say: (_, { text }) => app.publish(chat(), "said", { text }),
    count: () => app.stats().connections,
  },
});
export const app = createApp({ endpoints: [room] });

is<App>()(app);
isType<ContractOf<typeof room>["replies"], { say: Published; count: number }>(true);

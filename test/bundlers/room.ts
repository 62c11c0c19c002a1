import { channel, endpoint } from "tidings";
import { z } from "zod";

const text = z.object({ text: z.string() });
const chat = channel("chat/:room", { events: { said: text } });

/** What is said comes back to all. */
export const room = endpoint("/ws/rooms/:room", {
  receives: { say: text },
  channels: [chat],
  open: ({ connection, params }) => connection.join(chat(params)),
  on: {
    say: async ({ app, params }, { text }) =>
      void (await app.publish(chat(params), "said", { text: `heard: ${text}` })),
  },
});

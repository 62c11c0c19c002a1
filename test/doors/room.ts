// What both programs serve and the page talks to. It needs the types of neither Node nor a browser.
import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { otel } from "tidings/otel";
import { startTask, tasks } from "tidings/tasks";
import * as v from "valibot";

const text = v.object({ text: v.string() });

export const user = jwt({ secret: "a secret of thirty-two characters" });

export const chat = channel("chat/:room", { events: { said: text }, history: { size: 10, ttl: "1m" }, presence: true });

export const room = endpoint("/ws/rooms/:room", {
  auth: user,
  receives: { say: text, count: v.object({}) },
  channels: [chat, tasks],
  open: ({ connection, params, user }) => connection.join(chat(params), tasks({ user: user.id })),
  on: {
    async say({ app, params }, { text }) {
      await app.publish(chat(params), "said", { text });
      return { length: text.length };
    },
    count: ({ app, user }) => startTask(app, user.id, () => 3),
  },
});

export const app = createApp({ endpoints: [room], tracing: otel() });

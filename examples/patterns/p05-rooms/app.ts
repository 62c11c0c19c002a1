import { channel, createApp, endpoint } from "tidings";
import { z } from "zod";

const text = z.string().min(1).max(500);
const chat = channel("chat/:room", { events: { said: z.object({ text }) } });

const room = endpoint("/ws/rooms/:room", {
  channels: [chat],
  receives: { say: z.object({ text }), echo: z.object({ text }), leave: z.object({}) },
  async open({ connection, params }) {
    await connection.join(chat(params));
  },
  on: {
    /** To the others. */
    async say({ app, connection, params }, { text }) {
      await app.publish(chat(params), "said", { text }, { except: connection });
    },
    /** To all in the room, the sender too. */
    async echo({ app, params }, { text }) {
      await app.publish(chat(params), "said", { text });
    },
    async leave({ connection, params }) {
      await connection.leave(chat(params));
    },
  },
});

export const app = createApp({ endpoints: [room] });

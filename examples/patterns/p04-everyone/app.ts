import { channel, createApp, endpoint, TidingsError } from "tidings";
import { z } from "zod";

const text = z.string().min(1).max(500);
const everyone = channel("everyone", { events: { said: z.object({ text }), left: z.object({ id: z.string() }) } });
const one = channel("one/:id", { events: { whisper: z.object({ from: z.string(), text }) } });

const hall = endpoint("/ws/hall", {
  channels: [everyone, one],
  sends: { welcome: z.object({ id: z.string() }) },
  receives: { who: z.object({}), shout: z.object({ text }), whisper: z.object({ to: z.string(), text }) },
  async open({ connection }) {
    await connection.join(everyone(), one({ id: connection.id }));
    connection.send("welcome", { id: connection.id });
  },
  on: {
    who: ({ app }) => Array.from(app.connections(), ({ id }) => id),
    async shout({ app }, { text }) {
      await app.publish(everyone(), "said", { text });
    },
    async whisper({ app, connection }, { to, text }) {
      const isHere = Array.from(app.connections()).some(({ id }) => id === to);
      if (!isHere) throw new TidingsError("nobody_there");
      await app.publish(one({ id: to }), "whisper", { from: connection.id, text });
    },
  },
  // By now it is on no channel any more: only the others hear it.
  async close({ app, connection }) {
    await app.publish(everyone(), "left", { id: connection.id });
  },
});

export const app = createApp({ endpoints: [hall] });

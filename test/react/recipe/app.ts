// app.ts
import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

export const user = jwt({ secret: process.env.TIDINGS_JWT_SECRET });

export const chat = channel("chat/:room", {
  events: { said: z.object({ from: z.string(), text: z.string() }) },
  history: { size: 200, ttl: "1d" },
  allow: { subscribe: true },
});
export const desk = endpoint("/ws", { auth: user, channels: [chat] });
export const app = createApp({ endpoints: [desk] });

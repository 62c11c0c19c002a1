import { channel, createApp, endpoint } from "tidings";
import { z } from "zod";

export const news = channel("news", { events: { said: z.object({ text: z.string() }) }, allow: { subscribe: true } });

const chat = endpoint("/ws/chat", {
  channels: [news],
  receives: { say: z.object({ text: z.string() }) },
  on: { say: (_, { text }) => ({ heard: text }) },
});

export const app = createApp({ endpoints: [chat] });

import { channel, createApp, endpoint } from "tidings";
import { z } from "zod";

// It is no part of the document.
console.log("the module is loaded");

const chat = channel("chat/:room", { events: { said: z.object({ text: z.string() }) } });

export const app = createApp({ endpoints: [endpoint("/ws/rooms/:room", { channels: [chat] })] });

// What a pool of connections does too: it would keep the process.
setInterval(() => {}, 60_000);

import { createServer } from "node:net";
import { channel, createApp, endpoint } from "tidings";
import { z } from "zod";

// It is no part of the document.
console.log("the module is loaded");

const chat = channel("chat/:room", { events: { said: z.object({ text: z.string() }) } });

export const app = createApp({ endpoints: [endpoint("/ws/rooms/:room", { channels: [chat] })] });

// It would keep the process, as a pool of connections does.
createServer().listen(0, "127.0.0.1");

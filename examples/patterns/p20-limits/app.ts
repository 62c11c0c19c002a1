import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

const topic = channel("topic/:topic", {
  events: { item: z.object({ text: z.string() }) },
  allow: { subscribe: true },
});

const feed = endpoint("/ws", {
  auth: jwt({ secret: process.env.TIDINGS_JWT_SECRET }),
  channels: [topic],
  receives: { size: z.object({ text: z.string() }) },
  on: {
    size: (_, { text }) => text.length,
  },
});

export const app = createApp({
  endpoints: [feed],
  limits: {
    messageSize: "1kb", // default 64kb; past it: closed with 1009
    channels: 3, // of one connection, default 100; past it: the error `too_many_channels`
    connections: 6, // of this process, default 100,000; past it: 503 `overloaded`
    connectionsPerUser: 2, // in all processes, default 50; past it: 429 `too_many_connections`
    connectionsPerAddress: 4, // default 1,000, this computer's own are not counted; past it: the same
  },
  // The proxy's `X-Forwarded-For` says who it is: otherwise all would come from one address.
  trustProxy: ["loopback"],
});

import { channel, createApp, endpoint } from "tidings";
import { redis } from "tidings/redis";
import { z } from "zod";
import { user } from "../sign-in.js";

const said = z.object({ from: z.string(), text: z.string().trim().min(1).max(500) });

/** A room: what is said is kept for who comes later, and everybody sees who is here. */
export const chat = channel("chat/:room", {
  needs: { user },
  events: {
    // When it was said is for our clock to say.
    said: said
      .transform(({ from, text }) => ({ from, text, at: new Date().toISOString() }))
      .pipe(said.extend({ at: z.iso.datetime() })),
  },
  history: { size: 200, ttl: "7d" },
  presence: true, // a member is their `id`, which is the name here
  allow: {
    subscribe: true,
    publish: ({ user }, { payload }) => payload.from === user.id, // nobody speaks for another
  },
});

/** Who is writing in a room. Nothing of it is kept: a moment later it is not true any more. */
const typing = channel("typing/:room", {
  events: { typing: z.object({ name: z.string() }) },
  allow: { subscribe: true },
});

/** All the rooms of a page over one socket. What is said reaches its sender too: so all see one order, and know it is kept. */
export const talk = endpoint("/ws", {
  auth: user,
  channels: [chat, typing],
  receives: { typing: z.object({ room: z.string() }) },
  on: {
    async typing({ app, connection, user }, { room }) {
      // The sender knows it already.
      await app.publish(typing({ room }), "typing", { name: user.id }, { except: connection });
    },
  },
});

// Without it what was said is kept in the memory of this process, and is gone with it.
const url = process.env.REDIS_URL || undefined;
export const app = createApp({
  endpoints: [talk],
  broker: url === undefined ? undefined : redis({ url, prefix: "chat" }),
});

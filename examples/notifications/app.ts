import { randomBytes } from "node:crypto";
import { channel, createApp, endpoint } from "tidings";
import { redis } from "tidings/redis";
import { z } from "zod";
import { user } from "../sign-in.js";
import { type Inbox, inboxOf, MOST_EVENTS } from "./inbox.js";

/** All devices of one user. What is kept of it is the inbox itself: there is no other store. */
export const inbox = channel("inbox/:user", {
  needs: { user },
  events: {
    notified: z
      .object({ text: z.string().min(1).max(500) })
      .transform(({ text }) => ({ text, at: new Date().toISOString() })) // by our clock
      .pipe(z.object({ text: z.string(), at: z.iso.datetime() })),
    /** The offsets of what was read. */
    read: z.object({ offsets: z.array(z.int()).min(1).max(MOST_EVENTS) }),
  },
  history: { size: MOST_EVENTS, ttl: "30d" },
  // Who comes has all of it, and who comes back exactly what they missed.
  snapshot: async ({ app, params }): Promise<Inbox> =>
    inboxOf(await app.history(inbox(params), { limit: MOST_EVENTS })),
  allow: {
    subscribe: ({ user, params }) => user.id === params.user,
    publish: ({ user, params }, { type }) => type === "read" && user.id === params.user,
  },
});

export const devices = endpoint("/ws", {
  auth: user,
  channels: [inbox],
  receives: { notify: z.object({ user: z.string(), text: z.string().min(1).max(400) }) },
  limits: { messagesPerUser: "120/60s" }, // notices and marks: also who marks one by one is never told to wait
  on: {
    async notify({ app, user }, { user: whom, text }) {
      // A job, a route, or another process on the same Redis says it just so.
      await app.publish(inbox({ user: whom }), "notified", { text: `${user.id}: ${text}` });
    },
  },
});

/** By it another backend notifies whom it likes: POST /api/publish. */
export const apiKey = process.env.API_KEY || randomBytes(24).toString("base64url");

// Without it inboxes are in the memory of this process, and are gone with it.
const url = process.env.REDIS_URL || undefined;

export const app = createApp({
  endpoints: [devices],
  broker: url === undefined ? undefined : redis({ url, prefix: "notifications" }),
  http: { api: { keys: [{ name: "another backend", key: apiKey, may: ["publish"] }] } },
});

import { type App, type AppOptions, channel, createApp, endpoint, rawEndpoint } from "tidings";
import { z } from "zod";
import { chat, text } from "./chat.js";
import { live } from "./live.js";
import { prices } from "./ticker.js";
import { admin, member, user, visitor, whoami } from "./users.js";

/** Returns each frame unchanged. */
const echo = rawEndpoint("/ws/echo", {
  summary: "Says back each frame.",
  text({ connection }, text) {
    connection.send(text);
  },
  binary({ connection }, bytes) {
    connection.send(bytes);
  },
});

const face = z.object({ id: z.string(), name: z.string() }).meta({ examples: [{ id: "alice", name: "Alice" }] });

/** One room by path: who is connected is in it. The page has its rooms over `/ws`, beside all else. */
const room = endpoint("/ws/rooms/:room", {
  summary: "One room: who is connected is in it.",
  auth: visitor,
  receives: { say: z.object({ text }).meta({ description: "Says it to all others in the room." }), whoami },
  channels: [chat],
  async open({ connection, params }) {
    await connection.join(chat(params));
  },
  on: {
    whoami: ({ user }) => ({ id: user.id, name: user.name }),
    async say({ app, connection, user, params }, { text }) {
      await app.publish(chat(params), "said", { id: user.id, from: user.name, text }, { except: connection });
    },
  },
});

/** The same for prices: who is connected hears this topic. */
const topic = endpoint("/ws/subscribe/:topic", {
  summary: "The price of one symbol: who is connected hears it.",
  params: z.object({ topic: z.string().meta({ description: "A symbol.", examples: ["BTC"] }) }),
  auth: visitor,
  channels: [prices],
  async open({ connection, params }) {
    await connection.join(prices({ symbol: params.topic }));
  },
});

/** All devices of one user. */
const inbox = channel("inbox/:user", {
  summary: "What all devices of one user are told.",
  events: { notice: z.object({ text: z.string() }) },
});

const devices = endpoint("/ws/users/:user", {
  summary: "The devices of one user, who alone may enter.",
  auth: user,
  allow: ({ user, params }) => user.id === params.user,
  closeCodes: { unauthorized: 4001, token_expired: 4001, forbidden: 4003 },
  refuse: "close",
  receives: { note: z.object({ text }).meta({ description: "Reaches all devices of this user." }) },
  channels: [inbox],
  async open({ connection, params }) {
    await connection.join(inbox(params));
  },
  on: {
    async note({ app, params }, { text }) {
      await app.publish(inbox(params), "notice", { text });
    },
  },
});

const me = endpoint("/ws/me", {
  summary: 'Whose session the cookie is of. Who signs in on the page, or by POST /login with {"name":"Ana"}, has one.',
  auth: member,
  receives: { whoami },
  replies: { whoami: face },
  on: { whoami: ({ user }) => ({ id: user.id, name: user.name }) },
});

const desk = endpoint("/ws/admin", {
  summary: "For admins: what goes on, and who is to go.",
  auth: user,
  needs: { admin },
  receives: {
    stats: z.object({}).meta({ description: "How many are connected to this process." }),
    kick: z.object({ user: z.string().min(1) }).meta({
      description: "Disconnects all devices of a user.",
      examples: [{ user: "bob" }],
    }),
  },
  replies: {
    stats: z.object({ connections: z.number(), users: z.number(), refused: z.number() }),
    kick: z.object({ wasConnected: z.boolean() }),
  },
  on: {
    stats({ app }) {
      const { connections, users, handshakesRefused } = app.stats();
      return { connections, users, refused: handshakesRefused };
    },
    async kick({ app }, { user }) {
      const wasConnected = await app.isConnected(user);
      await app.disconnectUser(user); // all their devices, with 1008 `forbidden`
      return { wasConnected };
    },
  },
});

export function createShowcase(options: Omit<AppOptions, "endpoints"> = {}): App {
  // Who loads the page anew is back before that; and nobody takes all turns with a hundred reports.
  const limits = { presenceGrace: "2s", tasksPerUser: 5 } as const;
  const info = { title: "The showcase of Tidings", description: "A room, prices, news, tasks and an admin's desk." };
  return createApp({ endpoints: [echo, room, topic, devices, live, me, desk], info, limits, ...options });
}

import { type App, channel, createApp, dependency, endpoint, forbidden, rawEndpoint } from "tidings";
import { jwt, session } from "tidings/auth";
import { z } from "zod";
import { type Sessions, sessionCookie } from "./sessions.js";
import { prices } from "./ticker.js";

const text = z.string().min(1).max(500);

/** Who is in the room hears it. */
const chat = channel("chat/:room", {
  events: {
    said: z.object({ from: z.string(), text: z.string() }),
    joined: z.object({ name: z.string() }),
    left: z.object({ name: z.string() }),
  },
});

/** All devices of one user. */
const inbox = channel("inbox/:user", { events: { notice: z.object({ text: z.string() }) } });

/** Returns each frame unchanged. */
const echo = rawEndpoint("/ws/echo", {
  text({ connection }, text) {
    connection.send(text);
  },
  binary({ connection }, bytes) {
    connection.send(bytes);
  },
});

const claims = z.object({ sub: z.string(), name: z.string(), role: z.string().optional() });

/** Who may enter depends on the secret that tokens are signed with and on who has signed in; the rest is fixed. */
export function createShowcase(secret: string, sessions: Sessions): App {
  const user = jwt({ secret, claims });
  /** The same tokens, in all places: a page can send no header, and not everybody wants a token in an address. */
  const visitor = jwt({ secret, claims, from: ["query", "header", "subprotocol", "message"] });
  const member = session({ cookie: sessionCookie, lookup: (id) => sessions.find(id) });
  /** What it throws refuses the handshake, here with 403. */
  const admin = dependency({
    needs: { user },
    create({ user }) {
      if (user.role !== "admin") throw forbidden("Admin only");
      return user;
    },
  });

  /** What admins publish. Who missed some is told it when they come back, and everybody sees who reads. */
  const news = channel("news", {
    needs: { user: visitor },
    events: { item: z.object({ text }) },
    history: { size: 100, ttl: "1h" },
    presence: ({ user }) => ({ name: user.name }),
    allow: {
      subscribe: true,
      publish({ user }) {
        if (user.role !== "admin") throw forbidden("Only an admin may publish news.");
        return true;
      },
    },
  });

  const room = endpoint("/ws/rooms/:room", {
    auth: visitor,
    receives: { say: z.object({ text }), whoami: z.object({}) },
    channels: [chat],
    async open({ app, connection, user, params }) {
      connection.join(chat(params));
      await app.publish(chat(params), "joined", { name: user.name }, { except: connection });
    },
    on: {
      whoami: ({ user }) => ({ name: user.name }),
      async say({ app, connection, user, params }, { text }) {
        await app.publish(chat(params), "said", { from: user.name, text }, { except: connection });
      },
    },
    async close({ app, user, params }) {
      await app.publish(chat(params), "left", { name: user.name });
    },
  });

  const devices = endpoint("/ws/users/:user", {
    auth: user,
    allow: ({ user, params }) => user.id === params.user,
    closeCodes: { unauthorized: 4001, token_expired: 4001, forbidden: 4003 },
    refuse: "close",
    receives: { note: z.object({ text }) },
    channels: [inbox],
    open({ connection, params }) {
      connection.join(inbox(params));
    },
    on: {
      async note({ app, params }, { text }) {
        await app.publish(inbox(params), "notice", { text });
      },
    },
  });

  /** The server joins nobody to anything here: each client says what it wants to hear, with `subscribe`. */
  const feeds = endpoint("/ws", { auth: visitor, channels: [prices, news] });

  /** The same by path: who is connected hears this topic. */
  const topic = endpoint("/ws/subscribe/:topic", {
    auth: visitor,
    channels: [prices],
    open({ connection, params }) {
      connection.join(prices({ symbol: params.topic }));
    },
  });

  const me = endpoint("/ws/me", {
    auth: member,
    receives: { whoami: z.object({}) },
    replies: { whoami: z.object({ id: z.string(), name: z.string() }) },
    on: { whoami: ({ user }) => ({ id: user.id, name: user.name }) },
  });

  const desk = endpoint("/ws/admin", {
    auth: user,
    needs: { admin },
    receives: { stats: z.object({}), kick: z.object({ user: z.string().min(1) }) },
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

  return createApp({ endpoints: [echo, room, devices, feeds, topic, me, desk] });
}

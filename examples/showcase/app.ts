import { type App, channel, createApp, endpoint, rawEndpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

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

/** Who may enter depends on the secret that tokens are signed with; the rest is fixed. */
export function createShowcase(secret: string): App {
  const user = jwt({ secret, claims: z.object({ sub: z.string(), name: z.string() }) });

  const room = endpoint("/ws/rooms/:room", {
    auth: user,
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

  return createApp({ endpoints: [echo, room, devices] });
}

import { endpoint } from "tidings";
import { tasks } from "tidings/tasks";
import { z } from "zod";
import { chat, typing } from "./chat.js";
import { jobs, startPrimes, startReport } from "./jobs.js";
import { news } from "./news.js";
import { prices } from "./ticker.js";
import { visitor, whoami } from "./users.js";

/**
 * All that the page needs, over one connection: the page says with `subscribe` what it wants to hear, and the server puts
 * it on the channel of its user's tasks.
 */
export const live = endpoint("/ws", {
  summary: "All that the page needs, over one connection.",
  auth: visitor,
  /** By which a page has its own line cut. */
  query: z.object({ visitor: z.string().max(64).optional().meta({ description: "By which a page's line is cut." }) }),
  channels: [chat, typing, prices, news, tasks],
  receives: {
    whoami,
    typing: z.object({ room: z.string() }).meta({
      description: "Tells the others in a room that somebody is writing.",
      examples: [{ room: "lobby" }],
    }),
    ...jobs,
  },
  async open({ connection, user }) {
    await connection.join(tasks({ user: user.id }));
  },
  on: {
    whoami: ({ user }) => ({ id: user.id, name: user.name, isAdmin: user.role === "admin" }),
    async typing({ app, connection, user }, { room }) {
      await app.publish(typing({ room }), "typing", { id: user.id, name: user.name }, { except: connection });
    },
    report: ({ app, user }, { pages }) => startReport(app, user.id, pages),
    primes: ({ app, user }, { below }) => startPrimes(app, user.id, below),
  },
});

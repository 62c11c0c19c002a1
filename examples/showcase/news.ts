import { channel, forbidden } from "tidings";
import { z } from "zod";
import { text } from "./chat.js";
import { visitor } from "./users.js";

/** What admins publish. Who missed some is told it when they come back, and everybody sees who reads. */
export const news = channel("news", {
  summary: "What admins have to say.",
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

import { channel, forbidden } from "tidings";
import { z } from "zod";
import { visitor } from "./users.js";

export const text = z
  .string()
  .min(1)
  .max(500)
  .meta({ examples: ["Hello, everybody!"] });

const saying = z.object({
  id: z.string().meta({ description: "Who says it: your own id, for nobody speaks for another." }),
  from: z.string().meta({ description: "Your own name." }),
  text,
});

/**
 * A room: what is said is kept for who comes later, and everybody sees who is here.
 *
 * Clients publish to it themselves. What they say twice, because a lost connection had the answer, is delivered once.
 */
export const chat = channel("chat/:room", {
  summary: "A room: what is said is kept for who comes later.",
  needs: { user: visitor },
  events: {
    said: saying
      .meta({ examples: [{ id: "alice", from: "Alice", text: "Hello, everybody!" }] })
      .transform((said) => ({ ...said, at: new Date().toISOString() })) // by our clock, not the client's
      .pipe(saying.extend({ at: z.iso.datetime() })),
  },
  history: { size: 200, ttl: "1d" },
  presence: ({ user }) => ({ name: user.name }),
  allow: {
    subscribe: true,
    publish({ user }, { payload }) {
      if (payload.id !== user.id || payload.from !== user.name) throw forbidden("Speak for yourself.");
      return true;
    },
  },
});

/** Who is writing in a room. Nothing of it is kept: a second later it may not be true. */
export const typing = channel("typing/:room", {
  summary: "Who is writing in a room.",
  events: {
    typing: z.object({ id: z.string(), name: z.string() }).meta({ examples: [{ id: "bob", name: "Bob" }] }),
  },
  allow: { subscribe: true },
});

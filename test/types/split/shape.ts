import { channel } from "tidings";
import { z } from "zod";
import { db, user } from "../declarations.js";

export const board = channel("board/:game", { events: { moved: z.object({ x: z.number() }) } });

/** What is said here, apart from how it is handled: handlers in other files name their context by it. */
export const shape = {
  auth: user,
  needs: { db },
  query: z.object({ level: z.coerce.number() }),
  receives: { move: z.object({ x: z.number() }), chat: z.object({ text: z.string() }) },
  sends: { hint: z.object({ x: z.number() }) },
  channels: [board],
} as const;

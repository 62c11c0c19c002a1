import { createApp, endpoint } from "tidings";
import { z } from "zod";

const desk = endpoint("/ws", {
  receives: { add: z.object({ a: z.number(), b: z.number() }) },
  on: {
    add: (_, { a, b }) => a + b,
  },
});

export const app = createApp({
  endpoints: [desk],
  // These are the defaults. `by: "message"` says {"type":"ping"} to plain clients in the place of a ping frame.
  heartbeat: { every: "30s", timeout: "10s" },
});

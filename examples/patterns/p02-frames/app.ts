import { createApp, endpoint, rawEndpoint } from "tidings";
import { z } from "zod";

/** Text and bytes, as they come. */
const frames = rawEndpoint("/ws/frames", {
  text({ connection }, text) {
    connection.send(text.toUpperCase()); // a string leaves as a text frame
  },
  binary({ connection }, bytes) {
    connection.send(bytes.toReversed()); // bytes leave as a binary frame
  },
});

/** JSON, checked in both directions. */
const json = endpoint("/ws/json", {
  sends: { greeting: z.object({ text: z.string() }) },
  receives: { add: z.object({ a: z.number(), b: z.number() }) },
  replies: { add: z.object({ sum: z.number() }) },
  open({ connection }) {
    connection.send("greeting", { text: "Give me two numbers." });
  },
  on: {
    add: (_, { a, b }) => ({ sum: a + b }),
  },
});

export const app = createApp({ endpoints: [frames, json] });

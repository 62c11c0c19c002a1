import { createApp, endpoint, forbidden } from "tidings";
import { z } from "zod";

const door = endpoint("/ws/doors/:door", {
  refuse: "close", // 1008: who may not enter is told so by a close code
  allow: ({ params }) => params.door !== "locked",
  limits: { messageSize: "1kb" }, // 1009: a message is longer
  receives: { goodbye: z.object({ code: z.number(), reason: z.string().default("") }) },
  open({ params }) {
    if (params.door === "broken") throw new Error("The handle came off."); // 1011: an unexpected error
  },
  on: {
    goodbye({ connection }, { code, reason }) {
      try {
        connection.close(code, reason); // 1000 where nothing is said
      } catch {
        throw forbidden("A server may not close with that."); // 1005, 1006, 1010, 1015 and the like
      }
    },
  },
  /** What the other side said, 1005 where it said nothing, 1006 where the connection was lost: 1010 is a client's alone. */
  close(_, { code, reason }) {
    console.log(`closed with ${code} ${reason}`.trim());
  },
});

// By themselves: 1001 when the app goes, 1002 for a broken protocol, 1003 for a binary frame here, 1007 for text that is not UTF-8.
export const app = createApp({ endpoints: [door] });

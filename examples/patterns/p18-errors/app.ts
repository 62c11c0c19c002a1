import { createApp, endpoint, TidingsError } from "tidings";
import { z } from "zod";

const shop = endpoint("/ws/shops/:shop", {
  receives: { buy: z.object({}), print: z.object({}), look: z.object({}) },
  open({ params }) {
    if (params.shop === "closed") throw new Error("The door is stuck."); // closes with 1011
  },
  on: {
    /** Meant for the client, which is told the code and the words. */
    buy() {
      throw new TidingsError("sold_out", "There is none left.");
    },
    /** Not meant for anybody: the client is told `internal`, the log has the rest. */
    print() {
      throw new Error("The printer is out of paper.");
    },
    look: () => "All of it is here.",
  },
});

export const app = createApp({
  endpoints: [shop],
  /** After it was logged. This is where an error goes to whoever collects yours. */
  onError(error, { during, connection }) {
    console.log(`${connection}: ${during}: ${error}`);
  },
});

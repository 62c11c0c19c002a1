import { createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

/** Who sits at the table, by connection. */
const seats = new Map<string, string>();

const table = endpoint("/ws/table", {
  // 1. Before the handshake is accepted: who is refused here gets no further.
  auth: jwt({ secret: process.env.TIDINGS_JWT_SECRET }),
  sends: { seated: z.object({ user: z.string() }) },
  receives: { who: z.object({}), dismiss: z.object({}) },
  // 2. Accepted. No message is handled before this is done.
  open({ connection, user }) {
    seats.set(connection.id, user.id);
    connection.send("seated", { user: user.id });
  },
  // 3. One message at a time, in the order they came.
  on: {
    who: () => [...seats.values()],
    dismiss: ({ connection }) => connection.close(1000, "dismissed"),
  },
  // 4. Once for every connection that was opened, however it ends.
  close({ connection, user }, { code, reason }) {
    seats.delete(connection.id);
    console.log(`${user.id} left with ${code} ${reason}`.trim());
  },
});

export const app = createApp({ endpoints: [table] });

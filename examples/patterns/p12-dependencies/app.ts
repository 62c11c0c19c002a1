import { createApp, dependency, endpoint, forbidden } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

interface Account {
  readonly id: string;
  readonly role: "admin" | "member";
}

/** Of the app: made once, when it starts. Yours is a pool of connections, with `dispose: (pool) => pool.end()`. */
export const accounts = dependency({
  scope: "app",
  create: () =>
    new Map<string, Account>([
      ["ana", { id: "ana", role: "admin" }],
      ["bob", { id: "bob", role: "member" }],
    ]),
});

export const user = jwt({ secret: process.env.TIDINGS_JWT_SECRET });

/** Of a connection, made from the two above. What it throws refuses the handshake. */
export const account = dependency({
  needs: { user, accounts },
  create({ user, accounts }) {
    const found = accounts.get(user.id);
    if (found === undefined) throw forbidden("You have no account.");
    return found;
  },
});

export const admin = dependency({
  needs: { account },
  create({ account }) {
    if (account.role !== "admin") throw forbidden("Admin only.");
    return account;
  },
});

/** `account` is needed twice, and made once for each connection. */
export const desk = endpoint("/ws/desk", {
  auth: user,
  needs: { account, admin },
  receives: { whoami: z.object({}) },
  on: {
    whoami: ({ account, admin }) => ({ id: account.id, role: admin.role }),
  },
});

export const app = createApp({ endpoints: [desk] });

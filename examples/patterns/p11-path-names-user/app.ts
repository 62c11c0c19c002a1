import { createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

const devices = endpoint("/ws/users/:user", {
  auth: jwt({ secret: process.env.TIDINGS_JWT_SECRET }),
  // Asked before the handshake is accepted; false is `forbidden`.
  allow: ({ user, params }) => user.id === params.user,
  closeCodes: { unauthorized: 4001, token_expired: 4001, forbidden: 4003 }, // in the place of 1008
  refuse: "close", // so that plain clients are told by them too
  receives: { who: z.object({}) },
  on: {
    who: ({ user }) => user.id,
  },
});

export const app = createApp({ endpoints: [devices] });

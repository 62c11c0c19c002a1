import { createApp, dependency, endpoint } from "tidings";
import { z } from "zod";

/** How somebody came here. */
const way = dependency({
  create: ({ request }) => ({ protocol: request.url.protocol, address: request.address }),
});

const door = endpoint("/ws", {
  needs: { way },
  receives: { how: z.object({}) },
  on: {
    how: ({ way }) => way,
  },
});

// A proxy on this computer that ends TLS is believed what it says of the client: `X-Forwarded-For`, `-Proto` and `-Host`.
export const app = createApp({ endpoints: [door], trustProxy: ["loopback"] });

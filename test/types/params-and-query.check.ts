import { type ContractOf, endpoint, type Handshake, rawEndpoint } from "tidings";
import * as v from "valibot";
import { z } from "zod";
import { user } from "./declarations.js";
import { is, isType } from "./is.js";

// Strings, as they stand in the URL.
const plain = endpoint("/ws/:place/orders/:order", {
  open({ params, query }) {
    is<{ readonly place: string; readonly order: string }>()(params);
    is<Readonly<Record<string, string>>>()(query);
    is<string | undefined>()(query.version);
  },
});
isType<ContractOf<typeof plain>["query"], Readonly<Record<string, string>>>(true);

// Or what a schema makes of them.
const orders = endpoint("/ws/orders/:order", {
  params: z.object({ order: z.coerce.number() }),
  query: v.object({ version: v.optional(v.pipe(v.string(), v.transform(Number)), "1") }),
  auth: user,
  receives: { look: z.object({}) },
  allow({ params, query }) {
    is<{ order: number }>()(params);
    is<{ version: number }>()(query);
    return params.order > 0;
  },
  open({ params, query }) {
    is<{ order: number }>()(params);
    is<{ version: number }>()(query);
  },
  on: {
    look({ params, query }) {
      is<{ order: number }>()(params);
      is<{ version: number }>()(query);
    },
  },
  close({ params, query }) {
    is<{ order: number }>()(params);
    is<{ version: number }>()(query);
  },
});
is<"/ws/orders/:order">()(orders.path);
isType<ContractOf<typeof orders>["query"], { version?: string | undefined }>(true);

rawEndpoint("/ws/frames/:n", {
  params: z.object({ n: z.coerce.number() }),
  query: z.object({ deep: z.stringbool().default(false) }),
  text({ params, query }) {
    is<{ n: number }>()(params);
    is<{ deep: boolean }>()(query);
  },
});

// A path that is not known when the program is compiled.
export function at(path: string): void {
  const somewhere = endpoint(path, {
    open: ({ params }) => is<Readonly<Record<string, string>>>()(params),
  });
  is<string>()(somewhere.path);
}

// Who asks to enter is seen before there is a connection.
endpoint("/ws/:room", {
  auth: user,
  async allow({ app, request, user, params }) {
    is<Handshake>()(request);
    is<URL>()(request.url);
    is<Headers>()(request.headers);
    is<string>()(request.address);
    is<Readonly<Record<string, string>>>()(request.params);
    is<Readonly<Record<string, string>>>()(request.query);
    is<boolean>()(await app.isConnected(user.id));
    return user.id === params.room;
  },
});

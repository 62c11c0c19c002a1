import { fileURLToPath } from "node:url";
import { createApp, dependency, rawEndpoint } from "tidings";
import { z } from "zod";
import { user } from "../sign-in.js";
import { DocumentStore } from "./document-store.js";
import { Session } from "./session.js";

const store = dependency({
  scope: "app",
  create: () => DocumentStore.at(process.env.DOCUMENTS || fileURLToPath(new URL("documents/", import.meta.url))),
});

/** The document is there before anybody is let in, and is let go of when they have left. */
const session = dependency({
  needs: { store, user },
  create: async ({ store, user, request }) =>
    new Session({
      lease: await store.acquire(request.params.document ?? ""),
      name: user.id,
      mayWrite: user.role !== "reader",
      wantsSaved: request.query.tell === "saved",
    }),
});

/** One document, in the frames of y-websocket: its provider, and so every editor binding of Yjs, can talk to it. */
const document = rawEndpoint("/ws/documents/:document", {
  params: z.object({ document: z.string().regex(/^[a-z0-9-]{1,64}$/) }),
  query: z.object({ tell: z.literal("saved").optional() }),
  auth: user,
  needs: { session },
  // The provider can't see HTTP's answer to a handshake, and takes 44xx for a reason not to dial again.
  refuse: "close",
  closeCodes: { unauthorized: 4401, token_expired: 4401, forbidden: 4403 },
  // Of one update, of updates in a time, and of what waits for a slow reader: the whole document has room there.
  limits: { messageSize: "256kb", messages: "200/1s", outbox: "4mb" },
  open: ({ connection, session }) => session.enter(connection),
  binary: ({ connection, session }, frame) => session.hear(connection, frame),
  close: ({ connection, session }) => session.leave(connection),
});

export const app = createApp({ endpoints: [document] });

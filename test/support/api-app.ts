import { type AppOptions, channel, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { tasks } from "tidings/tasks";
import { z } from "zod";
import { apiKey } from "./api-client.js";
import type { ServedApp } from "./served-app.js";
import { secret, signToken } from "./tokens.js";
import { dialTidings, type WsClient } from "./ws-client.js";

export const chat = channel("chat/:room", {
  events: { said: z.object({ text: z.string().max(200) }) },
  history: { size: 20, ttl: "5m" },
  presence: true,
  allow: { subscribe: true },
});
const inbox = channel("inbox/:user", { events: { note: z.object({ text: z.string() }) } });
const news = channel("news", { events: { "*": z.unknown() }, allow: { subscribe: true } });

/** Whoever comes is put on their inbox, and on their tasks. */
const desk = endpoint("/ws", {
  auth: jwt({ secret }),
  channels: [chat, inbox, news, tasks],
  open: ({ connection, user }) => {
    connection.join(inbox({ user: user.id }));
    connection.join(tasks({ user: user.id }));
  },
});

/** An app that is asked from without. */
export function apiApp(options: Partial<AppOptions> = {}): AppOptions {
  return { endpoints: [desk], http: { api: { keys: [apiKey] } }, ...options };
}

/** A device of the user, on its inbox and its tasks. Gives its id too. */
export async function enter(
  { url }: Pick<ServedApp, "url">,
  user: string,
): Promise<{ readonly client: WsClient; readonly id: string }> {
  const client = await dialTidings(`${url}/ws`, { token: signToken({ sub: user }) });
  const [connected] = await client.take(3);
  const { connection } = Object(connected?.payload) as { readonly connection: string }; // as `connected` says it
  return { client, id: connection };
}

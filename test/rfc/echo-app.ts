import { type AppOptions, channel, endpoint, rawEndpoint } from "tidings";
import { z } from "zod";
import { anyRate } from "../support/any-rate.js";
import { Inbox } from "../support/inbox.js";
import { type ServedApp, serve } from "../support/served-app.js";

const news = channel("news", { events: { item: z.object({ text: z.string() }) } });

/** `/echo` says again each frame it is given; at `/feed` one hears what is published to `news`. */
export interface EchoApp extends ServedApp {
  /** How the connections of `/echo` ended, as their `close` handler was told. */
  readonly closes: Inbox<{ readonly code: number; readonly reason: string }>;
  /** Publishes to `news`. */
  readonly publish: (text: string) => Promise<unknown>;
}

export async function serveEcho(options: Omit<AppOptions, "endpoints"> = {}): Promise<EchoApp> {
  const closes: EchoApp["closes"] = new Inbox("the close handler");
  const echo = rawEndpoint("/echo", {
    subprotocols: ["echo.v1", "echo.v2"],
    text: ({ connection }, text) => void connection.send(text),
    binary: ({ connection }, bytes) => void connection.send(bytes),
    close: (_, closed) => closes.put(closed),
  });
  const feed = endpoint("/feed", {
    channels: [news],
    receives: { say: z.object({ text: z.string() }) },
    open: ({ connection }) => connection.join(news()),
    on: { say: (_, { text }) => text },
  });
  const served = await serve({ limits: { ...anyRate, messageSize: "1mb" }, ...options, endpoints: [echo, feed] });
  return { ...served, closes, publish: (text) => served.app.publish(news(), "item", { text }) };
}

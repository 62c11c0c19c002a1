import { channel, createApp, endpoint } from "tidings";
import { z } from "zod";
import { Market } from "./market.js";

const market = new Market();

const quote = z.object({ symbol: z.string(), price: z.number(), change: z.number() });

/** Every price, once a second: for a list of all there is. */
export const board = channel("board", {
  events: { quotes: z.array(quote) },
  snapshot: () => market.quotes, // who arrives need not wait a second
  // Who reads too slowly needs no old price: the newest takes the place of the one that waits for their line.
  overflow: { keepLatestBy: ({ type }) => type },
  allow: { subscribe: true },
});

/** Each change of one price, as it happens: for who looks closely. */
export const prices = channel("prices/:symbol", {
  events: { tick: quote },
  history: { size: 60, ttl: "5m" }, // a chart begins with it
  snapshot: ({ params }) => market.quoteOf(params.symbol),
  overflow: { keepLatestBy: ({ type }) => type },
  allow: { subscribe: ({ params }) => market.has(params.symbol) },
});

/** For everybody: there is no `auth`. */
export const feed = endpoint("/ws", { channels: [board, prices] });

export const app = createApp({
  endpoints: [feed],
  compression: true, // of texts of 1 KiB and more, such as the board: once for all who hear it
  onStart({ app }) {
    let boards = 0;
    market.open((changed) => {
      // Nobody waits for these: should one fail, `onError` hears of it.
      for (const { symbol, ...rest } of changed) void app.publish(prices({ symbol }), "tick", { symbol, ...rest });
      boards += 1;
      if (boards % 5 === 0) void app.publish(board(), "quotes", [...market.quotes]);
    });
  },
  onStop: () => market.close(),
});

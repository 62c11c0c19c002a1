import { type App, channel, dependency } from "tidings";
import { z } from "zod";

/** Prices that are made up: each goes its own way, by half a percent a step at most. */
class Market {
  readonly prices = new Map([
    ["BTC", 64_000],
    ["ETH", 3_200],
    ["GOLD", 2_400],
  ]);

  /** Moves a price one step on, and gives it. */
  move(symbol: string): number {
    const step = 0.995 + Math.random() / 100;
    const price = Math.round((this.prices.get(symbol) ?? 100) * step * 100) / 100;
    this.prices.set(symbol, price);
    return price;
  }
}

/** One for the app: who publishes prices and who is told the present ones look at the same. */
export const market = dependency({ scope: "app", create: () => new Market() });

/** What one symbol costs. Who arrives is told its price at once, who comes back what they missed. */
export const prices = channel("prices/:symbol", {
  summary: "What one symbol costs: BTC, ETH or GOLD.",
  needs: { market },
  events: { tick: z.object({ price: z.number().meta({ examples: [64_000.5] }), at: z.iso.datetime() }) },
  history: { size: 200, ttl: "5m" },
  snapshot: ({ market, params }) => ({ price: market.prices.get(params.symbol) ?? null }),
  // Who reads too slowly needs no old price: the newest takes the place of the one that waits.
  overflow: { keepLatestBy: ({ type }) => type },
  allow: { subscribe: true },
});

/** Publishes a price for every symbol, twice a second. What it gives stops it. */
export function startTicker(app: App, market: Market): () => void {
  const tick = () => {
    const at = new Date().toISOString();
    for (const symbol of market.prices.keys()) {
      // Nobody waits for it: should it fail, the app's `onError` hears of it.
      void app.publish(prices({ symbol }), "tick", { price: market.move(symbol), at });
    }
  };
  const timer = setInterval(tick, 500);
  return () => clearInterval(timer);
}

/** What a good costs, and by how many percent that is more than when the market opened. */
export interface Quote {
  readonly symbol: string;
  readonly price: number;
  readonly change: number;
}

/** Prices that are made up: each goes its own way. In its place stands the feed that you pay for. */
export class Market {
  readonly #opening: ReadonlyMap<string, number> = new Map(goods.map((symbol, index) => [symbol, 20 + index * 7.5]));
  readonly #prices = new Map(this.#opening);
  #timer: NodeJS.Timeout | undefined;

  get quotes(): readonly Quote[] {
    return goods.map((symbol) => this.quoteOf(symbol));
  }

  has(symbol: string): boolean {
    return this.#prices.has(symbol);
  }

  quoteOf(symbol: string): Quote {
    const [opening = 1, price = 1] = [this.#opening.get(symbol), this.#prices.get(symbol)];
    return { symbol, price, change: round((100 * (price - opening)) / opening) };
  }

  /** Five times a second some prices change, and `tell` is called with those. */
  open(tell: (changed: readonly Quote[]) => void): void {
    this.#timer = setInterval(() => {
      const changed = goods.filter(() => Math.random() < 0.4);
      for (const symbol of changed) this.#move(symbol);
      tell(changed.map((symbol) => this.quoteOf(symbol)));
    }, 200);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #move(symbol: string): void {
    const step = 0.996 + Math.random() * 0.008;
    this.#prices.set(symbol, round((this.#prices.get(symbol) ?? 1) * step));
  }
}

const goods: readonly string[] =
  "GOLD SILVER COPPER TIN ZINC NICKEL OIL GAS COAL WHEAT CORN RICE OATS COFFEE COCOA TEA SUGAR SALT HONEY OLIVES WINE COTTON WOOL SILK".split(
    " ",
  );

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

import { useState } from "react";
import { Chart } from "./chart.js";
import { type Point, useQuotes } from "./quotes.js";
import type { LiveClient } from "./showcase.js";

const symbols = ["BTC", "ETH", "GOLD"];

/** What a symbol costs, as it moves. */
export function Prices({ client }: { readonly client: LiveClient }) {
  const [symbol, setSymbol] = useState("BTC");
  const { points, price } = useQuotes(client, symbol);
  return (
    <section className="prices card" aria-labelledby="prices-title">
      <div className="head">
        <h2 id="prices-title">Prices</h2>
        <fieldset className="choice">
          <legend className="unseen">Symbol</legend>
          {symbols.map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="symbol"
                value={each}
                checked={each === symbol}
                onChange={() => setSymbol(each)}
              />
              <span>{each}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <p className="quote">
        <data value={price}>{price === undefined ? "–" : money.format(price)}</data> <Change points={points} />
      </p>
      <Chart points={points} label={`${symbol} over the last ${points.length} prices`} />
    </section>
  );
}

/** Since the oldest point that is shown. */
function Change({ points }: { readonly points: readonly Point[] }) {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return null;
  const change = last.price / first.price - 1;
  return <span data-way={change < 0 ? "down" : "up"}>{percent.format(change)}</span>;
}

const money = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 2, signDisplay: "exceptZero" });

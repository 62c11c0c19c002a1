/**
 * The same rows, of Tidings alone: with nothing collected that somebody might look at, and with all that production has,
 * handlers that are timed, closed connections that are remembered and a page that is scraped. It is scraped once in what is measured, a second or so: more often than anybody's Prometheus does.
 *
 * @param {readonly import("./row.mjs").Row[]} rows
 * @returns {readonly import("./row.mjs").Row[]}
 * @throws Error for a row that has no Tidings of one process, or does not go by CPU time
 */
export function metricRowsOf(rows) {
  const odd = rows.find(({ contenders, figure }) => !contenders.includes("tidings") || !figure.includes("CPU second"));
  if (odd !== undefined)
    throw new Error(`--metrics does not go with ${odd.id}: that row does not compare by CPU time.`);
  return rows.map((row) => ({
    ...row,
    figure: row.figure.replace("CPU second", "user CPU second"),
    contenders: ["metrics-on", "metrics-off"],
    besides: [],
    goals: [{ against: "metrics-off", atLeast: 0.95 }],
    async measure(stage, contender) {
      stage.isUserOnly = true;
      if (contender === "metrics-on") {
        const scrape = () => scrapeOf(stage.server);
        // What runs for the first time costs more than ever after.
        for (let round = 0; round < WARM_UP_SCRAPES; round += 1) await scrape();
        stage.meanwhile = scrape;
      }
      return row.measure(stage, contender);
    },
  }));
}

async function scrapeOf({ port }) {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await response.text();
  if (!response.ok || !text.includes("# TYPE websocket_handler_seconds histogram")) {
    throw new Error(`/metrics answered ${response.status}: ${text.slice(0, 200)}`);
  }
}

const WARM_UP_SCRAPES = 20;

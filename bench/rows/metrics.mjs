/**
 * The same rows, of Tidings alone: with nothing collected that somebody might look at, and with all that production has,
 * handlers that are timed, closed connections that are remembered and a page that has been scraped. Within the second or so that is
 * measured it is not: a scrape every 15 s would come once in as many runs, and make that run a tenth slower than the others.
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
        for (let round = 0; round < SCRAPES; round += 1) await scrapeOf(stage.server);
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

const SCRAPES = 20;

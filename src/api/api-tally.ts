import type { ApiOperation } from "../declare/api-options.js";
import type { MetricFamily, MetricSample } from "../declare/metric-family.js";
import { knownCode } from "./problem.js";

/**
 * How often each operation was asked for, and how that ended.
 *
 * Both labels are words of tables, whatever is asked: who can guess paths and codes makes no more series by it.
 */
export class ApiTally {
  readonly #rows = new Map<string, Row>();

  /**
   * @param operation undefined where what was asked for is none
   * @param code of the problem; undefined where there was none
   */
  add(operation: ApiOperation | undefined, code: string | undefined): void {
    const labels = { operation: operation ?? "none", code: code === undefined ? "ok" : knownCode(code) };
    const key = `${labels.operation} ${labels.code}`;
    const known = this.#rows.get(key);
    if (known === undefined) this.#rows.set(key, { labels, value: 1 });
    else known.value += 1;
  }

  get family(): MetricFamily {
    const samples = Array.from(this.#rows.values(), (row): MetricSample => ({ name: NAME, ...row }));
    return { name: NAME, help: HELP, type: "counter", labelNames: ["operation", "code"], samples };
  }
}

interface Row {
  readonly labels: Readonly<Record<"operation" | "code", string>>;
  value: number;
}

const NAME = "websocket_api_requests_total";
const HELP = "What was asked of the API, over HTTP and over the broker.";

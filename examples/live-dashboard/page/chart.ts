import { make } from "../../page/element.js";
import type { Sample } from "../meter.js";

export interface ChartOptions {
  readonly figure: Exclude<keyof Sample, "at">;
  readonly title: string;
  readonly unit: string;
  /** From where on it is too much. */
  readonly limit?: number | undefined;
}

const WIDTH = 300;
const HEIGHT = 100;
/** What is seen at once: all there is, but no less than the first, and no more than the second. */
const SPAN_MS = [30_000, 300_000] as const;
/** Samples further apart have nothing between them: nobody looked. */
const APART_MS = 3_000;

/** A figure over the last minutes, drawn by hand. */
export class Chart {
  readonly element = make("figure", "card");
  readonly #options: ChartOptions;
  readonly #value = make("strong", "");
  readonly #picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");

  constructor(options: ChartOptions) {
    this.#options = options;
    this.#picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.#picture.setAttribute("preserveAspectRatio", "none");
    this.#picture.setAttribute("role", "img");
    this.element.append(make("figcaption", "", options.title, this.#value), this.#picture);
  }

  show(samples: readonly Sample[]): void {
    const { figure, title, unit, limit } = this.#options;
    const latest = samples.at(-1);
    if (latest === undefined) return;
    const highest = Math.max(...samples.map((sample) => sample[figure]));
    this.#value.textContent = `${latest[figure]} ${unit}`;
    this.element.toggleAttribute("data-over", limit !== undefined && latest[figure] > limit);
    this.#picture.setAttribute("aria-label", `${title}: ${latest[figure]} ${unit}, at most ${highest} so far`);
    const top = 1.1 * Math.max(highest, 1);
    const y = (value: number) => (HEIGHT * (1 - value / top)).toFixed(1);
    const spanMs = Math.min(Math.max(latest.at - (samples[0] ?? latest).at, SPAN_MS[0]), SPAN_MS[1]);
    const x = ({ at }: Sample) => (WIDTH * (1 - (latest.at - at) / spanMs)).toFixed(1);
    const stretches = connected(samples.filter(({ at }) => latest.at - at <= spanMs));
    const lines = stretches.map((part) => part.map((sample) => `${x(sample)},${y(sample[figure])}`).join("L"));
    const under = stretches.map((part, index) => {
      const [first, last] = [part[0] ?? latest, part.at(-1) ?? latest];
      return `M${x(first)},${HEIGHT}L${lines[index]}L${x(last)},${HEIGHT}Z`;
    });
    this.#picture.replaceChildren(
      pathOf("under", under.join("")),
      pathOf("line", lines.map((line) => `M${line}`).join("")),
      pathOf("limit", limit !== undefined && limit < top ? `M0,${y(limit)}H${WIDTH}` : ""),
    );
  }
}

/** The stretches in which somebody looked all the time. */
function connected(samples: readonly Sample[]): readonly (readonly Sample[])[] {
  const starts = samples.flatMap((sample, index) => {
    const before = samples[index - 1];
    return before === undefined || sample.at - before.at > APART_MS ? [index] : [];
  });
  return starts.map((start, index) => samples.slice(start, starts[index + 1]));
}

function pathOf(className: string, way: string): SVGPathElement {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("class", className);
  path.setAttribute("d", way);
  return path;
}

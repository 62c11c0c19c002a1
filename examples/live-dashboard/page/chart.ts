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
/** What is seen at once: the shortest of these that has all there is, or the longest. */
const spans = [
  { ms: 30_000, name: "last 30 seconds" },
  { ms: 60_000, name: "last minute" },
  { ms: 120_000, name: "last two minutes" },
] as const;
const longest = { ms: 300_000, name: "last five minutes" } as const;
/** Samples further apart have nothing between them: nobody looked. */
const APART_MS = 3_000;

/** A figure over the last minutes, drawn by hand. */
export class Chart {
  readonly element = make("figure", "card");
  readonly #options: ChartOptions;
  readonly #value = make("strong", "");
  readonly #axis = make("p", "axis quiet");
  readonly #picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");

  constructor(options: ChartOptions) {
    this.#options = options;
    this.#picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.#picture.setAttribute("preserveAspectRatio", "none");
    this.#picture.setAttribute("role", "img");
    const { title, unit, limit } = options;
    const about = limit === undefined ? [] : [make("span", "quiet", `alert above ${limit} ${unit}`)];
    this.element.append(
      make("figcaption", "", make("span", "title", title, ...about), this.#value),
      this.#picture,
      this.#axis,
    );
  }

  show(samples: readonly Sample[]): void {
    const { figure, title, unit, limit } = this.#options;
    const [first, latest] = [samples[0], samples.at(-1)];
    if (first === undefined || latest === undefined) return;
    const span = spans.find(({ ms }) => latest.at - first.at <= ms) ?? longest;
    const shown = samples.filter(({ at }) => latest.at - at <= span.ms);
    const highest = Math.max(...shown.map((sample) => sample[figure]));
    this.#value.textContent = `${latest[figure]} ${unit}`;
    this.element.toggleAttribute("data-over", limit !== undefined && latest[figure] > limit);
    const label = `${title}: ${latest[figure]} ${unit}, at most ${highest} in the ${span.name}`;
    this.#picture.setAttribute("aria-label", label);
    this.#axis.replaceChildren(timeOf(latest.at - span.ms), span.name, timeOf(latest.at));
    this.#draw(shown, span.ms, 1.1 * Math.max(highest, 1));
  }

  #draw(samples: readonly Sample[], spanMs: number, top: number): void {
    const { figure, limit } = this.#options;
    const latestAt = samples.at(-1)?.at ?? 0;
    const y = (value: number) => (HEIGHT * (1 - value / top)).toFixed(1);
    const x = ({ at }: Sample) => (WIDTH * (1 - (latestAt - at) / spanMs)).toFixed(1);
    const stretches = connected(samples);
    const lines = stretches.map((part) => part.map((sample) => `${x(sample)},${y(sample[figure])}`).join("L"));
    // Along the line, down, and back below where it began.
    const under = lines.map((line) => `M${line}V${HEIGHT}H${line.split(",", 1)}Z`);
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

function timeOf(ms: number): HTMLTimeElement {
  const time = make("time", "", new Date(ms).toLocaleTimeString());
  time.dateTime = new Date(ms).toISOString();
  return time;
}

function pathOf(className: string, way: string): SVGPathElement {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("class", className);
  path.setAttribute("d", way);
  return path;
}

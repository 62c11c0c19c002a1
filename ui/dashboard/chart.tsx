import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type Plot from "uplot";
import { theme } from "../shared/theme.js";
import { type ChartFigures, ChartValues } from "./chart-values.js";
import { clockText } from "./clock-text.js";
import { valueText } from "./figures.js";
import { draw, HEIGHT } from "./plot.js";

export interface ChartProps extends ChartFigures {
  readonly hint?: string | undefined;
  /** Which of the seconds the pointer is at, for all charts that have the same seconds. */
  readonly pointed: Signal<number | undefined>;
  /** Charts of one name show where the pointer is in any of them. */
  readonly together: string;
}

/** Lines over time. Whoever does not see them has the last values, and all in a table. */
export function Chart(props: ChartProps): JSX.Element {
  const { title, hint, unit, labels, values } = props;
  return (
    <figure class="card figure">
      <figcaption class="head">
        <h3>{title}</h3>
        <Legend {...props} />
      </figcaption>
      <Lines {...props} />
      <small>{hint}</small>
      <ChartValues {...props} />
      <span class="unseen">
        {labels.map((label, index) => `${label}: ${valueText(unit, values[index]?.at(-1))}`).join(", ")}
      </span>
    </figure>
  );
}

/** What each line is, and its value: the last, or where the pointer is. */
function Legend({ unit, labels, seconds, values, pointed }: ChartProps): JSX.Element {
  const index = pointed.value;
  const second = index === undefined ? undefined : seconds[index];
  return (
    <ul class="legend" aria-hidden="true">
      {labels.map((label, line) => (
        <li key={label} class={`hue-${line}`}>
          <span>{label}</span> <data value={0}>{valueText(unit, values[line]?.at(index ?? -1))}</data>
        </li>
      ))}
      {second !== undefined && <li class="at">at {clockText(second * 1_000)}</li>}
    </ul>
  );
}

function Lines({ title, unit, labels, seconds, values, pointed, together }: ChartProps): JSX.Element {
  const ground = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | undefined>(undefined);
  const colours = theme.value;

  // A canvas knows no custom properties: with another theme it is drawn anew.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is in the colours that are read, and the rest stays.
  useEffect(() => {
    if (ground.current === null) return;
    const made = draw(ground.current, { unit, count: labels.length, together, pointed });
    const watcher = new ResizeObserver(([entry]) => {
      if (entry !== undefined) made.setSize({ width: entry.contentRect.width, height: HEIGHT });
    });
    watcher.observe(ground.current);
    plot.current = made;
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [colours]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew, it has no data yet.
  useEffect(() => {
    // Nobody sees it.
    if (document.hidden) return;
    plot.current?.setData([[...seconds], ...values.map((line) => line.map((value) => value ?? null))]);
  }, [seconds, values, colours]);

  return <div class="lines" role="img" aria-label={title} ref={ground} />;
}

import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import Plot from "uplot";
import { theme } from "../shared/theme.js";
import { clockText } from "./clock-text.js";
import { MICROS_PER_PERCENT, type Unit, valueText } from "./figures.js";

export interface ChartProps {
  readonly title: string;
  readonly hint?: string | undefined;
  readonly unit: Unit;
  readonly labels: readonly string[];
  /** Since 1970, rising. */
  readonly seconds: readonly number[];
  /** For each label a value at each of them. */
  readonly values: readonly (readonly (number | undefined)[])[];
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
      <Values {...props} />
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

const HEIGHT = 130;
/** A first value alone is no line yet: it has some room before it. */
const LEAST_SECONDS = 30;

interface Drawing {
  readonly unit: Unit;
  readonly count: number;
  readonly together: string;
  readonly pointed: Signal<number | undefined>;
}

function draw(ground: HTMLElement, { unit, count, together, pointed }: Drawing): Plot {
  const [line, quiet] = [colourOf(ground, "line-colour"), colourOf(ground, "quiet-colour")];
  const axis = { stroke: quiet, font: "11px system-ui", ticks: { show: false } };
  const series = Array.from({ length: count }, (_, index) => {
    const stroke = colourOf(ground, `hue-${index}`);
    return { stroke, width: 1.5, points: { show: false }, ...(index === 0 && { fill: faint(stroke) }) };
  });
  return new Plot(
    {
      width: ground.clientWidth,
      height: HEIGHT,
      padding: [8, null, null, null],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 }, sync: { key: together } },
      hooks: {
        setCursor: [
          ({ cursor }) => {
            pointed.value = cursor.idx ?? undefined;
          },
        ],
      },
      scales: {
        x: { range: (_, from, until) => spanOf(from, until) },
        y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : LEAST[unit]] },
      },
      series: [{}, ...series],
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 22,
          space: 84,
          values: (_, seconds, __, ___, step) => seconds.map((second) => tickText(second, step)),
        },
        {
          ...axis,
          side: 1,
          size: 62,
          space: 34,
          grid: { stroke: line, width: 1 },
          incrs: [...STEPS[unit]],
          values: (_, values) => values.map((value) => valueText(unit, value)),
        },
      ],
    },
    [[], ...series.map(() => [])],
    ground,
  );
}

/** Of one moment alone the library makes a day, from then on. */
function spanOf(from: number, until: number): [number, number] {
  const end = until - from < DAY_SECONDS ? until : from;
  return [Math.min(from, end - LEAST_SECONDS), end];
}

const DAY_SECONDS = 86_400;

/** How high an empty chart is. */
const LEAST: Readonly<Record<Unit, number>> = {
  count: 1,
  rate: 1,
  bytes: 1_024,
  byteRate: 1_024,
  ms: 1,
  cpu: MICROS_PER_PERCENT,
};

const wholes = [1, 2, 5].flatMap((digit) => Array.from({ length: 12 }, (_, power) => digit * 10 ** power));
const tens = [1, 2, 5].flatMap((digit) => Array.from({ length: 15 }, (_, power) => digit * 10 ** (power - 3)));
const twos = Array.from({ length: 50 }, (_, power) => 2 ** power);
const rising = (steps: readonly number[]) => steps.toSorted((a, b) => a - b);

/** What lies between two lines of the grid: of bytes a power of two, of what is counted a whole number. */
const STEPS: Readonly<Record<Unit, readonly number[]>> = {
  count: rising(wholes),
  rate: rising(tens),
  bytes: twos,
  byteRate: twos,
  ms: rising(tens),
  cpu: rising(tens.map((percent) => percent * MICROS_PER_PERCENT)),
};

/** What the stylesheet makes of a class: a custom property alone is not a colour yet. */
function colourOf(ground: HTMLElement, name: string): string {
  const probe = document.createElement("i");
  probe.className = name;
  ground.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function faint(colour: string): string {
  return `color-mix(in srgb, ${colour} 12%, transparent)`;
}

/** By the second where less than a minute lies between two of them. */
function tickText(second: number, step: number): string {
  return new Date(second * 1_000).toLocaleTimeString([], step < 60 ? bySecond : byMinute);
}

const byMinute = { hour: "2-digit", minute: "2-digit" } as const;
const bySecond = { ...byMinute, second: "2-digit" } as const;

/** The same as numbers, by the minute. */
function Values({ title, unit, labels, seconds, values }: ChartProps): JSX.Element {
  const isOpen = useSignal(false);
  const minutes = isOpen.value ? minutesOf(seconds) : [];
  return (
    <details
      onToggle={({ currentTarget }) => {
        isOpen.value = currentTarget.open;
      }}
    >
      <summary>
        Values<span class="unseen"> of {title}</span>
      </summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {labels.map((label) => (
              <th scope="col" key={label}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {minutes.map(({ index, second }) => (
            <tr key={second}>
              <td class="number">{clockText(second * 1_000)}</td>
              {values.map((line, column) => (
                <td class="number" key={labels[column]}>
                  {valueText(unit, line[index])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** Where in the list each whole minute is, and the end: the newest first. */
function minutesOf(seconds: readonly number[]): { readonly index: number; readonly second: number }[] {
  return seconds
    .map((second, index) => ({ index, second }))
    .filter(({ second, index }) => second % 60 === 0 || index === seconds.length - 1)
    .toReversed()
    .slice(0, 16);
}

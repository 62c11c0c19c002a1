import type { Signal } from "@preact/signals";
import Plot from "uplot";
import { MICROS_PER_PERCENT, type Unit, valueText } from "./figures.js";

export const HEIGHT = 130;
/** A first value alone is no line yet: it has some room before it. */
const LEAST_SECONDS = 30;

export interface Drawing {
  readonly unit: Unit;
  readonly count: number;
  readonly together: string;
  readonly pointed: Signal<number | undefined>;
}

/** An empty chart in its place, in the colours that the page has now. */
export function draw(ground: HTMLElement, { unit, count, together, pointed }: Drawing): Plot {
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
      // On the left half of the first time's text.
      padding: [8, null, null, 32],
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

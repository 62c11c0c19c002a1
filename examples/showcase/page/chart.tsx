import { useEffect, useRef } from "react";
import Plot from "uplot";
import type { Point } from "./quotes.js";
import { useTheme } from "./theme.js";

interface ChartProps {
  readonly points: readonly Point[];
  /** What it shows, for who does not see it. */
  readonly label: string;
}

/** A line of prices that moves to the left. */
export function Chart({ points, label }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot>(undefined);
  const theme = useTheme();

  // A canvas knows no custom properties: with another theme it is drawn anew.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is in the colours that are read.
  useEffect(() => {
    if (place.current === null) return;
    const made = draw(place.current);
    const watcher = new ResizeObserver(([entry]) => {
      if (entry !== undefined) made.setSize({ width: entry.contentRect.width, height: HEIGHT });
    });
    watcher.observe(place.current);
    plot.current = made;
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [theme]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew, it has no points yet.
  useEffect(() => {
    plot.current?.setData([points.map(({ at }) => Date.parse(at) / 1_000), points.map(({ price }) => price)]);
  }, [points, theme]);

  return <div className="chart" role="img" aria-label={label} ref={place} />;
}

const HEIGHT = 180;

function draw(place: HTMLElement): Plot {
  const { color, borderTopColor: line, outlineColor: quiet } = getComputedStyle(place);
  const axis = { stroke: quiet, font: "11px system-ui", ticks: { show: false } };
  return new Plot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      // On the left half of the first time's text.
      padding: [8, 4, 0, 30],
      legend: { show: false },
      cursor: { show: false },
      series: [{}, { stroke: color, width: 2, fill: (plot) => shade(plot, color), points: { show: false } }],
      axes: [
        { ...axis, grid: { show: false }, size: 24, space: 80, values: (_, seconds) => seconds.map(timeOf) },
        { ...axis, side: 1, size: 58, space: 36, grid: { stroke: line, width: 1 } },
      ],
    },
    [[], []],
    place,
  );
}

/** From the line downwards into nothing. */
function shade({ ctx, bbox }: Plot, color: string): CanvasGradient {
  const gradient = ctx.createLinearGradient(0, bbox.top, 0, bbox.top + bbox.height);
  gradient.addColorStop(0, `color-mix(in srgb, ${color} 30%, transparent)`);
  gradient.addColorStop(1, `color-mix(in srgb, ${color} 0%, transparent)`);
  return gradient;
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1_000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

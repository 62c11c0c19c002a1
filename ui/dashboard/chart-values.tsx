import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { clockText } from "./clock-text.js";
import { type Unit, valueText } from "./figures.js";

export interface ChartFigures {
  readonly title: string;
  readonly unit: Unit;
  readonly labels: readonly string[];
  /** Since 1970, rising. */
  readonly seconds: readonly number[];
  /** For each label a value at each of them. */
  readonly values: readonly (readonly (number | undefined)[])[];
}

/** A chart's figures as a table, by the minute. */
export function ChartValues({ title, unit, labels, seconds, values }: ChartFigures): JSX.Element {
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

import { labelOf } from "./measurement.mjs";
import { ratios, summarise } from "./statistics.mjs";

/**
 * What a row's runs say: each contender's figure, the first one's ratio to it, and whether each goal is reached.
 *
 * @param {import("./rows/row.mjs").Row} row
 * @param {import("./measurement.mjs").Measurement} measurement
 */
export function judge(row, measurement) {
  const [first] = row.contenders;
  const runsOf = (name) => measurement.contenders[name]?.runs ?? [];
  const valuesOf = (name) => runsOf(name).map(({ value }) => value);
  const contenders = row.contenders.map((name) => {
    const values = valuesOf(name);
    const shared = ratios(valuesOf(first), values);
    const heap = runsOf(name).flatMap(({ heapBytes }) => heapBytes ?? []);
    return {
      name,
      label: labelOf(name),
      missing: measurement.contenders[name]?.missing,
      figure: values.length > 0 ? summarise(values) : undefined,
      heap: heap.length > 0 ? summarise(heap) : undefined,
      frameBytes: runsOf(name)[0]?.frameBytes,
      ratio: name !== first && shared.length > 0 ? summarise(shared) : undefined,
    };
  });
  const goals = row.goals.map((goal) => judgeGoal(row, goal, valuesOf));
  return { row: row.id, title: row.title, figure: row.figure, date: measurement.date, contenders, goals };
}

function judgeGoal(row, { of = row.contenders[0], against, atLeast, atMost, atMostMore }, valuesOf) {
  const [ours, theirs] = [valuesOf(of), valuesOf(against)];
  const wanted =
    atLeast !== undefined ? `≥ ${atLeast} ×` : atMost !== undefined ? `≤ ${atMost} ×` : `≤ ${atMostMore} B more than`;
  const text = `${labelOf(of)} ${wanted} ${labelOf(against)}`;
  if (ours.length === 0 || theirs.length === 0) return { text, measured: undefined, isReached: undefined };
  if (atMostMore !== undefined) {
    const { median } = summarise(ours.map((value, run) => value - theirs[run]));
    return { text, measured: `${Math.round(median)} B`, isReached: median <= atMostMore };
  }
  const { median } = summarise(ratios(ours, theirs));
  const isReached = atLeast === undefined ? median <= atMost : median >= atLeast;
  return { text, measured: `${median.toFixed(2)} ×`, isReached };
}

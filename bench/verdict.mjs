import { labelOf } from "./measurement.mjs";
import { ratios, summarise } from "./statistics.mjs";

/**
 * What a row's runs say: each contender's figure, the first one's ratio to it, and whether each goal is reached.
 *
 * @param {import("./rows/row.mjs").Row} row
 * @param {import("./measurement.mjs").Measurement} measurement
 */
export function judge(row, measurement) {
  const { besides = [], isEachAlone = false } = row;
  const [first] = row.contenders;
  const runsOf = (name) => measurement.contenders[name]?.runs ?? [];
  const valuesOf = (name) => runsOf(name).map(({ value }) => value);
  const contenders = row.contenders.map((name) => {
    const values = valuesOf(name);
    const shared = ratios(valuesOf(first), values);
    return {
      name,
      label: labelOf(name),
      missing: measurement.contenders[name]?.missing,
      figure: values.length > 0 ? summarise(values) : undefined,
      besides: besides.map(({ head, of, isRatio }) => {
        const found = runsOf(name).flatMap((run) => run[of] ?? []);
        return { head, isRatio, figure: found.length > 0 ? summarise(found) : undefined };
      }),
      frameBytes: runsOf(name)[0]?.frameBytes,
      ratio: name !== first && !isEachAlone && shared.length > 0 ? summarise(shared) : undefined,
    };
  });
  const goals = row.goals.map((goal) => {
    return goal.against === undefined ? judgeBeside(row, goal, contenders) : judgeGoal(row, goal, valuesOf);
  });
  const { id, title, figure } = row;
  return { row: id, title, figure, isEachAlone, date: measurement.date, contenders, goals };
}

function judgeBeside(row, { of = row.contenders[0], beside, atLeast, atMost }, contenders) {
  const { besides } = contenders.find(({ name }) => name === of);
  const { figure, isRatio } = besides.find(({ head }) => head === beside);
  const text = `${labelOf(of)}, ${beside} ${atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`}${isRatio ? " ×" : ""}`;
  if (figure === undefined) return { text, measured: undefined, isReached: undefined };
  if (atLeast !== undefined) {
    return { text, measured: `${figure.median.toFixed(2)} ×`, isReached: figure.median >= atLeast };
  }
  // A fact, not a pace: it holds in each run or not at all.
  return { text, measured: String(figure.most), isReached: figure.most <= atMost };
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

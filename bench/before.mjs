import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { FEWEST_RUNS } from "./options.mjs";

/**
 * The results that were committed last; undefined where there are none.
 *
 * @returns {import("./report.mjs").Results | undefined}
 */
export function committedResults() {
  const show = ["-C", fileURLToPath(new URL(".", import.meta.url)), "show", "HEAD:./results.json"];
  try {
    return JSON.parse(execFileSync("git", show, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  } catch {
    return undefined;
  }
}

/**
 * A row's verdict, with what its ratios were before. Ratios alone: a figure of another day tells of the day.
 *
 * @template {ReturnType<import("./verdict.mjs").judge>} Verdict
 * @param {import("./rows/row.mjs").Row} row
 * @param {Verdict} verdict
 * @param {import("./report.mjs").Results | undefined} committed
 * @returns {Verdict}
 */
export function besideBefore(row, verdict, committed) {
  const old = committed?.rows.find(({ row: id }) => id === row.id);
  if (old === undefined) return verdict;
  // It has been committed itself: what it was compared with then it is compared with now.
  const isSame = old.date === verdict.date;
  const beside = (now, then, isMoreBetter) => {
    if (now === undefined || then === undefined) return now;
    if (isSame) return then;
    const { median, least, most } = then;
    return { ...now, before: { median, least, most }, change: changeOf(now, then, isMoreBetter, row.changes) };
  };
  const contenders = verdict.contenders.map((now) => {
    const then = old.contenders.find(({ name }) => name === now.name);
    const isMoreBetter = (row.isLessBetter === true) === (row.isFirstMeasure === true);
    return {
      ...now,
      ratio: beside(now.ratio, then?.ratio, isMoreBetter),
      besides: now.besides.map((each) => {
        const { figure } = then?.besides.find(({ head }) => head === each.head) ?? {};
        return each.isRatio ? { ...each, figure: beside(each.figure, figure, true) } : each;
      }),
    };
  });
  const before = isSame ? old.before : { commit: committed.machine.commit, date: old.date };
  return { ...verdict, before, contenders };
}

/**
 * Nothing has changed where a run of now may have been one of then. Undefined: it is not known what runs there were, or there
 * were too few of them.
 *
 * @returns {string | undefined}
 */
export function changeOf(now, then, isMoreBetter, { better, worse } = CHANGES) {
  if (then.least === undefined || then.most === undefined || now.count < FEWEST_RUNS) return undefined;
  if (now.least > then.most) return isMoreBetter ? better : worse;
  if (now.most < then.least) return isMoreBetter ? worse : better;
  return AS_BEFORE;
}

export const AS_BEFORE = "as before";
const CHANGES = { better: "faster", worse: "slower" };

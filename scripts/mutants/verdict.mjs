// What becomes of a mutant. A run is what tester.mjs tells of one, and `isLate` where it did not end in time.

/**
 * Tries a mutant's tests with its change, and judges what comes of it.
 *
 * Where they only wait in vain the computer may be slow. Those as they are are run at once: where they pass, and with the
 * change they wait in vain again, and that for longer than those took, it is the change that hangs.
 *
 * @param tests `changed` and `unchanged` run them, for so many milliseconds at most
 */
export async function judge({ changed, unchanged }, { files, test }) {
  const first = await changed(PATIENCE_MS);
  if (!waitsInVain(first)) return verdictOn(first, { files, test });

  const beganMs = performance.now();
  const { tests } = await unchanged(PATIENCE_MS);
  const tookMs = performance.now() - beganMs;
  if (tests.length === 0 || tests.some(({ isPassed }) => !isPassed)) {
    return {
      outcome: "too slow",
      because: "Its tests are late, and without the change they do not pass either just now.",
    };
  }
  const again = await changed(LEAST_PATIENCE_MS + TIMES * Math.ceil(tookMs));
  if (!waitsInVain(again)) return verdictOn(again, { files, test });
  const what = first.tests.find(({ isPassed }) => !isPassed)?.name ?? files.join(", ");
  return { outcome: "killed", hangs: true, because: `Waits in vain, twice: ${what}` };
}

/** Is there nothing else that is wrong? */
function waitsInVain({ isLate, tests, faults, unhandled }) {
  const wrong = [...tests.filter(({ isPassed }) => !isPassed), ...(tests.length > 0 ? faults : []), ...unhandled];
  return isLate || (wrong.length > 0 && wrong.every((each) => each.isLate));
}

function verdictOn({ tests, faults, unhandled }, { files, test }) {
  const failed = tests.find(({ isPassed }) => !isPassed);
  if (failed !== undefined) return { outcome: "killed", because: `Fails: ${failed.name}` };
  if (tests.length === 0) {
    const because = faults.map(({ text }) => text).join("\n");
    return { outcome: "does not run", because: because.slice(-OUTPUT_LENGTH) };
  }
  if (faults.length > 0 || unhandled.length > 0) return { outcome: "killed", because: "An error that no test caught." };
  return { outcome: "survived", because: `All pass: ${files.join(", ")}${test === undefined ? "" : ` "${test}"`}` };
}

/** A test has 20 s, a few have more, and the first that fails ends it. */
const PATIENCE_MS = 60_000;

/** What is tried again has as long as an Inbox waits, and some times what its tests take without it. */
const LEAST_PATIENCE_MS = 8_000;
const TIMES = 3;

const OUTPUT_LENGTH = 2_000;

import { setTimeout as sleep } from "node:timers/promises";
import { peers } from "./peers.mjs";
import { redisMissing } from "./redis.mjs";
import { NotThereYet } from "./rows/row.mjs";
import { Stage } from "./stage.mjs";

/**
 * What came of one row.
 *
 * @typedef {object} Measurement
 * @property {string} row
 * @property {string} date
 * @property {number} seconds how long it took
 * @property {Record<string, { runs: { value: number }[], missing?: string }>} contenders
 *
 * All contenders of a row, one after the other, as often as there are runs; every other run the other way round. Each
 * has processes of its own in each run.
 *
 * @param {import("./rows/row.mjs").Row} row
 * @param {{ runs: number, tidings: string, progress: import("./progress.mjs").Progress }} how
 * @returns {Promise<Measurement>}
 */
export async function measureRow(row, { runs, tidings, progress }) {
  const beganMs = Date.now();
  const contenders = Object.fromEntries(row.contenders.map((name) => [name, { runs: [] }]));
  for (const name of row.contenders) {
    const missing = peers[peerOf(row, name)].missing() ?? (row.redis && redisMissing());
    if (missing !== undefined) contenders[name].missing = missing;
  }
  for (let run = 1; run <= runs; run += 1) {
    const order = run % 2 === 1 ? row.contenders : [...row.contenders].reverse();
    for (const [index, name] of order.entries()) {
      const contender = contenders[name];
      if (contender.missing !== undefined) continue;
      const done = (run - 1) * order.length + index;
      progress.show(`${row.id}  run ${run} of ${runs}  ${labelOf(name)}`, done / (runs * order.length));
      try {
        contender.runs.push(await measureOnce(row, name, tidings));
      } catch (error) {
        if (!(error instanceof NotThereYet) && run > 1) throw error;
        // What fails at once is no figure, and no reason to lose the others.
        contender.missing =
          error instanceof NotThereYet ? `not there yet: ${error.message}` : `failed: ${error.message}`;
      }
    }
  }
  const seconds = (Date.now() - beganMs) / 1000;
  return { row: row.id, date: new Date().toISOString(), seconds, contenders };
}

/** One run of one contender. */
export async function measureOnce(row, contender, tidings, { isProfiling = false } = {}) {
  const { compression, textLength, nodeFlags, processes, redis } = row;
  const peer = peerOf(row, contender);
  const stage = await openStage({ peer, tidings, processes, redis, nodeFlags, compression, textLength });
  stage.isProfiling = isProfiling;
  try {
    const figures = await row.measure(stage, contender);
    return isProfiling ? { ...figures, profiles: stage.profiles } : figures;
  } catch (error) {
    if (error instanceof NotThereYet) throw error;
    const said = stage.servers.map(({ stderr }) => stderr.trim()).join(" ");
    throw new Error(`${row.id}, ${contender}: ${error.message} ${said}`.trim(), { cause: error });
  } finally {
    await stage.close();
    await sleep(PAUSE_MS);
  }
}

export function labelOf(contender) {
  return peers[contender]?.label ?? contender;
}

export function peerOf(row, contender) {
  return row.peerOf?.(contender) ?? contender;
}

async function openStage(options) {
  try {
    return await Stage.open(options);
  } catch (error) {
    // An option that does not exist is refused at start.
    if (options.compression && /unknown_option|no option/.test(error.message)) {
      throw new NotThereYet("there is no option `compression`");
    }
    throw error;
  }
}

/** The kernel closes what the processes left open. */
const PAUSE_MS = 50;

/**
 * One row of the table: what is measured, of whom, and what is to be reached.
 *
 * @typedef {object} Goal
 * @property {string} [of] whose figure; the first contender's by default
 * @property {string} [against] whose it is compared with; undefined: nobody's, `beside` must be given
 * @property {string} [beside] the head of the column that it is about; the figure itself by default
 * @property {number} [atLeast] a ratio; with `beside` of that column
 * @property {number} [atMost] a ratio; without `against` the figure itself
 * @property {number} [atMostMore] a difference
 *
 * What a run found beside its figure, as a column of its own: its median over the runs.
 * @typedef {object} Beside
 * @property {string} head
 * @property {string} of the name of the run's field
 * @property {boolean} [isRatio]
 *
 * @typedef {object} Row
 * @property {string} id
 * @property {string} title
 * @property {string} figure what the figure counts
 * @property {boolean} [isLessBetter]
 * @property {{ better: string, worse: string }} [changes] words for how it is beside an earlier result; faster and slower by default
 * @property {boolean} [isFirstMeasure] the first contender is the measure of the others, not what is to be good
 * @property {readonly string[]} contenders the first is the one that the others are compared with
 * @property {(contender: string) => string} [peerOf] where a contender is no peer's name
 * @property {boolean} [isEachAlone] its contenders are not compared with each other
 * @property {readonly Beside[]} [besides]
 * @property {readonly Goal[]} goals
 * @property {number} [processes] of each contender
 * @property {"server" | "load"} [redis] a Redis through which the processes hear each other, and on which core it runs; on
 * the server's it is what is measured, and the processes are on the load's
 * @property {boolean} [compression]
 * @property {number} [textLength]
 * @property {readonly string[]} [nodeFlags]
 * @property {(stage: import("../stage.mjs").Stage, contender: string) => Promise<{ value: number }>} measure
 */

/** A contender has no such thing: its row says so. */
export class NotThereYet extends Error {}

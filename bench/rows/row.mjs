/**
 * One row of the table: what is measured, of whom, and what is to be reached.
 *
 * @typedef {object} Goal
 * @property {string} [of] whose figure; the first contender's by default
 * @property {string} against
 * @property {number} [atLeast] a ratio
 * @property {number} [atMost] a ratio
 * @property {number} [atMostMore] a difference
 *
 * @typedef {object} Row
 * @property {string} id
 * @property {string} title
 * @property {string} figure what the figure counts
 * @property {boolean} [isLessBetter]
 * @property {readonly string[]} contenders the first is the one that the others are compared with
 * @property {(contender: string) => string} [peerOf] where a contender is no peer's name
 * @property {readonly Goal[]} goals
 * @property {boolean} [compression]
 * @property {number} [textLength]
 * @property {readonly string[]} [nodeFlags]
 * @property {(stage: import("../stage.mjs").Stage, contender: string) => Promise<{ value: number }>} measure
 */

/** A contender has no such thing: its row says so. */
export class NotThereYet extends Error {}

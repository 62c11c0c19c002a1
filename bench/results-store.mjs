import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const directory = fileURLToPath(new URL(".results/", import.meta.url));

/** Rows that are finished, by what they were measured of: a run that was broken off goes on where it was. */
export class ResultsStore {
  #key;

  /** @param {object} of machine, commit, build, versions and runs */
  constructor(of) {
    this.#key = createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, 12);
  }

  /** @returns {import("./measurement.mjs").Measurement | undefined} */
  find(row) {
    const file = this.#file(row);
    return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  }

  /** @param {import("./measurement.mjs").Measurement} measurement */
  keep(measurement) {
    mkdirSync(directory, { recursive: true });
    const file = this.#file(measurement.row);
    // Whole or not at all.
    writeFileSync(`${file}.new`, JSON.stringify(measurement, undefined, 2));
    renameSync(`${file}.new`, file);
  }

  forget(row) {
    rmSync(this.#file(row), { force: true });
  }

  #file(row) {
    return `${directory}${this.#key}-${row}.json`;
  }
}

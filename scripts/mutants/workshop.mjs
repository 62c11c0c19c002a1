import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Copy } from "./copy.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The copies in which mutants are tried, one at a time in each. They are gone when it is closed, or the process ends. */
export class MutantWorkshop {
  // What vitest tells of a file is its real path.
  #folder = realpathSync(mkdtempSync(join(tmpdir(), "tidings-mutants-")));
  #copies = [];
  #close = () => this.close();

  constructor(count) {
    process.on("exit", this.#close);
    // A signal alone would end the process without its `exit`.
    for (const [signal, number] of SIGNALS) process.on(signal, () => process.exit(128 + number));
    for (let index = 0; index < count; index += 1) this.#copies.push(new Copy(copyTo(join(this.#folder, `${index}`))));
  }

  /** Runs these suites as they are, and tells what is wrong with them. */
  async tryUnchanged(suites) {
    const files = [...new Set(suites.map(({ files }) => files[0]))];
    const shares = this.#copies.map((_, number) =>
      suites.filter((suite) => files.indexOf(suite.files[0]) % this.#copies.length === number),
    );
    const faults = await Promise.all(this.#copies.map((copy, number) => copy.tryUnchanged(shares[number])));
    return faults.flat();
  }

  /** Tries each alone, and tells of it when it is done. */
  async tryEach(mutants, tell) {
    const waiting = [...mutants];
    const work = async (copy) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) tell(await copy.try(next));
    };
    await Promise.all(this.#copies.map(work));
  }

  close() {
    process.off("exit", this.#close);
    for (const copy of this.#copies) copy.stop();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What the tests need of the repository. */
function copyTo(folder) {
  for (const name of COPIED) {
    // test/types/versions has compilers of its own.
    cpSync(join(root, name), join(folder, name), {
      recursive: true,
      filter: (path) => basename(path) !== "node_modules",
    });
  }
  // A folder of its own with links in it, so that what vitest keeps there is each copy's own.
  const packages = join(root, "node_modules");
  mkdirSync(join(folder, "node_modules"));
  for (const name of readdirSync(packages).filter((each) => !OWN.test(each))) {
    symlinkSync(join(packages, name), join(folder, "node_modules", name), "junction");
  }
  return folder;
}

const COPIED = ["src", "test", "ui", "package.json", "tsconfig.json", "tsconfig.base.json", "vitest.config.ts"];

/** What tools keep for themselves. */
const OWN = /^\.(?!bin$)/;

const SIGNALS = [
  ["SIGHUP", 1],
  ["SIGINT", 2],
  ["SIGTERM", 15],
];

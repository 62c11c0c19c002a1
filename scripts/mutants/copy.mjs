import { fork } from "node:child_process";
import { on } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** One copy of the repository, to which one mutant at a time is applied. Its tests run in one process, which keeps what was not changed. */
export class Copy {
  #root;
  #tester;
  /** What was written since the tester last ran. */
  #changed = [];

  constructor(root) {
    this.#root = root;
  }

  /** Runs all of these suites, and gives a line for each test that fails, and for each suite that has none. */
  async tryUnchanged(suites) {
    const files = [...new Set(suites.flatMap((suite) => suite.files))];
    const projects = [...new Set(suites.map(({ project }) => project))];
    const run = await this.#runTests({ projects, files, patienceMs: UNCHANGED_PATIENCE_MS });
    if (run.isLate) return [`They did not end in ${UNCHANGED_PATIENCE_MS / 1_000} s.`];
    const faults = suites.flatMap(({ files, test = "" }) =>
      files.flatMap((file) => {
        const own = run.tests.filter((each) => each.file === file && each.name.includes(test));
        if (own.length === 0) return [`${file} has no test "${test}", or can't be loaded.`];
        return own.filter(({ isPassed }) => !isPassed).map(({ name }) => `${file}: ${name}`);
      }),
    );
    return [...new Set([...run.faults, ...run.unhandled, ...faults])];
  }

  /** Applies it, runs the tests that must fail, takes it back, and tells how that went. */
  async try(mutant) {
    const beganMs = performance.now();
    const [outcome, because] = await this.#try(mutant);
    return { mutant, outcome, because, seconds: Math.round((performance.now() - beganMs) / 100) / 10 };
  }

  async #try({ file, text, replacement, suite: { project, files, test } }) {
    const path = join(this.#root, file);
    const before = readIfThere(path);
    if (before === undefined) return ["does not apply", "Its file is not there."];
    const parts = before.split(text);
    if (parts.length !== 2) {
      return ["does not apply", `Its text is there ${parts.length - 1} times, and must be exactly once.`];
    }
    writeFileSync(path, parts.join(replacement));
    this.#changed.push(path);
    try {
      const run = await this.#runTests({
        projects: [project],
        files,
        test,
        patienceMs: PATIENCE_MS,
        isOneEnough: true,
      });
      if (run.isLate) return ["killed", `They did not end in ${PATIENCE_MS / 1_000} s.`];
      const failed = run.tests.find(({ isPassed }) => !isPassed);
      if (failed !== undefined) return ["killed", `Fails: ${failed.name}`];
      if (run.tests.length === 0) return ["does not run", run.faults.join("\n").slice(-OUTPUT_LENGTH)];
      if (run.faults.length > 0 || run.unhandled.length > 0) return ["killed", "An error that no test caught."];
      return ["survived", `All pass: ${files.join(", ")}${test === undefined ? "" : ` "${test}"`}`];
    } finally {
      writeFileSync(path, before);
      this.#changed.push(path);
    }
  }

  /** Ends what runs. */
  stop() {
    const tester = this.#tester;
    this.#tester = undefined;
    if (tester?.pid === undefined) return;
    try {
      // With the workers, which are of its group: one of them may be what hangs.
      if (process.platform === "win32") tester.kill();
      else process.kill(-tester.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  /** What the tester tells of them. Where it is late, or has ended, there are no tests, and the next run has another. */
  async #runTests({ patienceMs, ...wanted }) {
    const signal = AbortSignal.timeout(patienceMs);
    try {
      const tester = this.#tester ?? (await this.#start());
      const answer = nextMessage(tester, signal);
      tester.send({ ...wanted, changed: this.#changed.splice(0) });
      return { isLate: false, ...(await answer) };
    } catch (error) {
      this.stop();
      return { isLate: signal.aborted, tests: [], faults: [error.message], unhandled: [] };
    }
  }

  async #start() {
    const tester = fork(TESTER, {
      cwd: this.#root,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      detached: true,
    });
    this.#tester = tester;
    await nextMessage(tester, AbortSignal.timeout(PATIENCE_MS));
    return tester;
  }
}

/** Rejects when `signal` says that it is late, and where it ends before. */
async function nextMessage(tester, signal) {
  for await (const [message] of on(tester, "message", { close: ["disconnect"], signal })) return message;
  throw new Error("The process that runs the tests has ended.");
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

const TESTER = fileURLToPath(new URL("tester.mjs", import.meta.url));

/** A test has 20 s at most, and the first that fails ends it. */
const PATIENCE_MS = 60_000;
const UNCHANGED_PATIENCE_MS = 300_000;

const OUTPUT_LENGTH = 2_000;

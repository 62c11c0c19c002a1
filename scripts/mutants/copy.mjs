import { fork } from "node:child_process";
import { on } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { judge } from "./verdict.mjs";

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
    // Of a file that no suite wants all of, no more is run than is named.
    const whole = new Set(suites.filter(({ test }) => test === undefined).flatMap(({ files }) => files));
    const isWhole = ({ files }) => files.some((file) => whole.has(file));
    const named = suites.filter((suite) => !isWhole(suite));
    return [...(await this.#tryAll(suites.filter(isWhole), [])), ...(await this.#tryAll(named, namesOf(named)))];
  }

  async #tryAll(suites, names) {
    if (suites.length === 0) return [];
    const run = await this.#runTests(suites, { names, patienceMs: UNCHANGED_PATIENCE_MS });
    if (run.isLate) return [`They did not end in ${UNCHANGED_PATIENCE_MS / 1_000} s.`];
    const failed = suites.flatMap(({ files, test = "" }) =>
      files.flatMap((file) => {
        const own = run.tests.filter((each) => each.file === file && each.name.includes(test));
        if (own.length === 0) return [`${file} has no test "${test}", or can't be loaded.`];
        return own.filter(({ isPassed }) => !isPassed).map(({ name }) => `${file}: ${name}`);
      }),
    );
    return [...new Set([...[...run.faults, ...run.unhandled].map(({ text }) => text), ...failed])];
  }

  /** Applies it, runs the tests that must fail, takes it back, and tells how that went. */
  async try(mutant) {
    const beganMs = performance.now();
    const verdict = await this.#judge(mutant);
    return { mutant, ...verdict, seconds: Math.round((performance.now() - beganMs) / 100) / 10 };
  }

  async #judge({ file, text, replacement, suite }) {
    const path = join(this.#root, file);
    const before = readIfThere(path);
    if (before === undefined) return { outcome: "does not apply", because: "Its file is not there." };
    const parts = before.split(text);
    if (parts.length !== 2) {
      const because = `Its text is there ${parts.length - 1} times, and must be exactly once.`;
      return { outcome: "does not apply", because };
    }
    const change = { path, before, after: parts.join(replacement) };
    const tests = {
      changed: (patienceMs) => this.#runWith(change, suite, patienceMs),
      unchanged: (patienceMs) => this.#runTests([suite], { patienceMs }),
    };
    return judge(tests, suite);
  }

  async #runWith({ path, before, after }, suite, patienceMs) {
    writeFileSync(path, after);
    this.#changed.push(path);
    try {
      return await this.#runTests([suite], { patienceMs, isOneEnough: true });
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
  async #runTests(suites, { names = namesOf(suites), patienceMs, isOneEnough = false }) {
    const signal = AbortSignal.timeout(patienceMs);
    const wanted = {
      projects: [...new Set(suites.map(({ project }) => project))],
      files: [...new Set(suites.flatMap(({ files }) => files))],
      names,
      isOneEnough,
    };
    try {
      const tester = this.#tester ?? (await this.#start());
      const answer = nextMessage(tester, signal);
      tester.send({ ...wanted, changed: this.#changed.splice(0) });
      return { isLate: false, ...(await answer) };
    } catch (error) {
      this.stop();
      return { isLate: signal.aborted, tests: [], faults: [{ text: error.message, isLate: false }], unhandled: [] };
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
    await nextMessage(tester, AbortSignal.timeout(START_MS));
    return tester;
  }
}

function namesOf(suites) {
  return suites.flatMap(({ test }) => test ?? []);
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

const START_MS = 60_000;
const UNCHANGED_PATIENCE_MS = 300_000;

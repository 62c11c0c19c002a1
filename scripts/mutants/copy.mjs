import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

/** One copy of the repository, to which one mutant at a time is applied. */
export class Copy {
  #root;
  #report;
  #child;

  constructor(root) {
    this.#root = root;
    this.#report = join(root, ".report.json");
  }

  /** Runs all of these suites, and gives a line for each test that fails, and for each suite that has none. */
  async tryUnchanged(suites) {
    const files = [...new Set(suites.flatMap((suite) => suite.files))];
    const projects = [...new Set(suites.map(({ project }) => project))];
    const run = await this.#runTests({ projects, files, patienceMs: UNCHANGED_PATIENCE_MS });
    if (run.isLate) return [`They did not end in ${UNCHANGED_PATIENCE_MS / 1_000} s.`];
    if (run.tests.length === 0) return [run.fault];
    const faults = suites.flatMap(({ files, test = "" }) =>
      files.flatMap((file) => {
        const own = run.tests.filter((each) => each.file === file && each.name.includes(test));
        if (own.length === 0) return [`${file} has no test "${test}", or can't be loaded.`];
        return own.filter(({ isPassed }) => !isPassed).map(({ name }) => `${file}: ${name}`);
      }),
    );
    return [...new Set(faults)];
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
      if (run.tests.length === 0) return ["does not run", run.fault];
      if (run.code !== 0) return ["killed", "An error that no test caught."];
      return ["survived", `All pass: ${files.join(", ")}${test === undefined ? "" : ` "${test}"`}`];
    } finally {
      writeFileSync(path, before);
    }
  }

  /** Ends what runs. */
  stop() {
    const { pid } = this.#child ?? {};
    if (pid === undefined) return;
    try {
      // With the workers, which are of its group: one of them may be what hangs.
      if (process.platform === "win32") this.#child.kill();
      else process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  async #runTests({ projects, files, test, patienceMs, isOneEnough = false }) {
    rmSync(this.#report, { force: true });
    const child = spawn(
      process.execPath,
      [
        join("node_modules", "vitest", "vitest.mjs"),
        "run",
        ...projects.flatMap((project) => ["--project", project]),
        ...(test === undefined ? [] : ["--testNamePattern", test.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")]),
        // There is one copy for each job.
        "--maxWorkers=1",
        ...(isOneEnough ? ["--bail=1"] : []),
        "--reporter=json",
        `--outputFile=${this.#report}`,
        ...files,
      ],
      { cwd: this.#root, env: { ...process.env, NO_COLOR: "1" }, stdio: ["ignore", "pipe", "pipe"], detached: true },
    );
    this.#child = child;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.stop();
    }, patienceMs);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output = (output + text).slice(-OUTPUT_LENGTH);
      });
    }
    const code = await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    clearTimeout(timer);
    this.#child = undefined;
    const text = readIfThere(this.#report);
    if (text === undefined) return { code, isLate, tests: [], fault: output.trim() };
    const { testResults } = JSON.parse(text);
    const fault = testResults.map(({ message }) => message).join("\n");
    return { code, isLate, tests: testsOf(testResults, this.#root), fault };
  }
}

/** The tests that were run, with their files from the copy's root. */
function testsOf(testResults, root) {
  return testResults.flatMap(({ name: path, assertionResults }) => {
    const file = relative(root, path).replaceAll("\\", "/");
    const ran = assertionResults.filter(({ status }) => status === "passed" || status === "failed");
    return ran.map(({ fullName, status }) => ({ file, name: fullName, isPassed: status === "passed" }));
  });
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** A test has 20 s at most, and the first that fails ends it. */
const PATIENCE_MS = 60_000;
const UNCHANGED_PATIENCE_MS = 300_000;

const OUTPUT_LENGTH = 2_000;

// Looks at the package as it would be published, in the project of somebody who has installed it: what its doors lead to,
// load and leave behind, its types under each module setting, its maps, its files, its public API and what is said of that.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkApiReports } from "./package/api-reports.mjs";
import { checkDefinitions } from "./package/definitions.mjs";
import { checkDescriptions } from "./package/descriptions.mjs";
import { checkDoorGraph } from "./package/door-graph.mjs";
import { checkImportTraces } from "./package/import-traces.mjs";
import { checkWithAttw, checkWithPublint } from "./package/linted.mjs";
import { checkMaps } from "./package/maps.mjs";
import { checkPackedFiles } from "./package/packed-files.mjs";
import { checkPrograms, checkTypes } from "./package/programs.mjs";
import { checkReference } from "./package/reference.mjs";
import { installTools } from "./package/tools.mjs";
import { pack, together, withUserProject } from "./user-project.mjs";

const HELP = `node scripts/check-package.mjs [options]

  --only <text>  only the checks whose name has this in it; several: --only maps --only files
  --write        writes the API reports in docs/api anew; what has changed is for you to read
  --list         lists the checks
  --json         prints JSON instead of lines
  --help`;

/** What takes long first. */
const CHECKS = [
  ["API reference", checkReference],
  ["types", checkTypes],
  ["API reports", checkApiReports],
  ["go to definition", checkDefinitions],
  ["what imports leave behind", checkImportTraces],
  ["programs", checkPrograms],
  ["arethetypeswrong", checkWithAttw],
  ["publint", checkWithPublint],
  ["the graph of the doors", checkDoorGraph],
  ["files", checkPackedFiles],
  ["maps", checkMaps],
  ["descriptions", checkDescriptions],
];
/** Most have a process of their own. */
const AT_A_TIME = 2;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    write: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const checks = CHECKS.filter(([name]) => (values.only ?? [""]).some((part) => name.includes(part)));
if (values.help) console.log(HELP);
else if (values.list) console.log(checks.map(([name]) => name).join("\n"));
else process.exitCode = await run(checks);

async function run(waiting) {
  const beganMs = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "tidings-package-"));
  const outcomes = [];
  try {
    const [tarball] = await together(pack(join(folder, "package")), installTools());
    process.env.PACKED_TIDINGS = tarball;
    await withUserProject("doors", async (project) => {
      const installed = join(project, "node_modules/tidings");
      const place = {
        project,
        installed,
        tarball,
        unpacked: unpack(installed, folder),
        optionalPeers: optionalPeersOf(installed),
        isWriting: values.write,
      };
      const lane = async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
          outcomes.push(await take(next, place));
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, lane));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return conclude(outcomes, seconds(beganMs));
}

function optionalPeersOf(installed) {
  const { peerDependenciesMeta } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  return Object.keys(peerDependenciesMeta).filter((name) => peerDependenciesMeta[name].optional);
}

/** Where it is nobody's dependency: some programs look no further than the entry of what is below a node_modules. */
function unpack(installed, folder) {
  const unpacked = join(folder, "unpacked");
  cpSync(installed, unpacked, { recursive: true });
  symlinkSync(join(installed, ".."), join(unpacked, "node_modules"), "junction");
  return unpacked;
}

async function take([name, check], place) {
  const beganMs = performance.now();
  const outcome = await check(place).then(
    (told) => ({ check: name, isGood: true, told }),
    (error) => ({ check: name, isGood: false, told: error.message }),
  );
  const line = `${outcome.isGood ? "ok    " : "FAILED"} ${name.padEnd(26)} ${seconds(beganMs).toFixed(1).padStart(5)} s  `;
  if (!values.json) console.log(line + outcome.told.trimEnd().replaceAll("\n", "\n  "));
  return { ...outcome, seconds: seconds(beganMs) };
}

function conclude(outcomes, all) {
  const failed = outcomes.filter(({ isGood }) => !isGood);
  if (values.json) console.log(JSON.stringify({ seconds: all, outcomes }, undefined, 2));
  else console.log(`${outcomes.length - failed.length} passed, ${failed.length} failed, ${all.toFixed(1)} s`);
  return failed.length === 0 ? 0 : 1;
}

function seconds(sinceMs) {
  return Math.round(performance.now() - sinceMs) / 1000;
}

// Sees that what the documents show is so: their TypeScript compiles, their data can be read, and whoever types their commands
// gets along. How blocks are marked for it: CONTRIBUTING.md, "Documents".

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../bench/progress.mjs";
import { readRepository } from "../test/support/repository.ts";
import { checkData } from "./docs/data.ts";
import { fatesOf } from "./docs/fate.ts";
import { readPage } from "./docs/page.ts";
import { compilePages } from "./docs/typescript.ts";
import { walk } from "./docs/walk.ts";
import { Workplace } from "./docs/workplace.ts";
import { pack } from "./user-project.mjs";

const HELP = `npm run docs [-- options]

Compiles the code of the documents, reads their data, and runs their commands, each page in a folder of its own.

  --only <text>  only pages whose path has this in it; several: --only README --only scale
  --code         only the code and the data
  --commands     only the commands
  --list         lists the blocks, and what becomes of each
  --json         prints JSON instead of lines
  --help`;

/** What users, and those who work on it, read. The API's reference is made from the code. */
const PAGES =
  /^(README|CONTRIBUTING|PROTOCOL|ARCHITECTURE|SECURITY|bench\/README)\.md$|^docs\/(?!api\/).*\.md$|^(examples|templates)\/.*README\.md$/;
const root = fileURLToPath(new URL("../", import.meta.url));

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    code: { type: "boolean" },
    commands: { type: "boolean" },
    list: { type: "boolean" },
    json: { type: "boolean" },
    help: { type: "boolean" },
  },
});
const pages = [...readRepository(PAGES)]
  .filter(([path]) =>
    (options.only ?? [""]).some((part) => path === part || (part !== "README.md" && path.includes(part))),
  )
  .map(([path, text]) => readPage(path, text));

// Whatever runs is ended where this process exits.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

if (options.help) console.log(HELP);
else if (options.list) list();
else process.exitCode = await check();

async function check() {
  const beganMs = Date.now();
  const faults = pages.flatMap(({ faults }) => faults);
  if (options.commands !== true) faults.push(...compilePages(pages, root), ...checkData(pages));
  const walks = options.code === true ? [] : await followPages();
  for (const each of walks) faults.push(...each.faults);
  const commands = walks.reduce((sum, each) => sum + each.commands, 0);
  report({ faults, commands, seconds: Math.round((Date.now() - beganMs) / 100) / 10 });
  return faults.length === 0 ? 0 : 1;
}

/** One after the other: their servers are slow beside one another. */
async function followPages() {
  const followed = pages.filter((page) => fatesOf(page).some(({ fate }) => fate === "run"));
  const progress = new Progress();
  const walks = [];
  const workplace = new Workplace({ root, pack });
  try {
    for (const [index, page] of followed.entries()) {
      progress.show(page.path, index / followed.length);
      walks.push(await walk(page, await workplace.open(page.path)));
    }
  } finally {
    await workplace.close();
    progress.done();
  }
  return walks;
}

function report({ faults, commands, seconds }) {
  const fates = pages.flatMap(fatesOf);
  const leftOut = fates.filter(({ reasons }) => reasons.length > 0);
  const [compiled, read] = ["compiled", "read"].map((one) => fates.filter(({ fate }) => fate === one).length);
  if (options.json) {
    console.log(
      JSON.stringify({ pages: pages.length, compiled, read, commands, seconds, faults, leftOut }, undefined, 2),
    );
    return;
  }
  for (const reason of new Set(leftOut.flatMap(({ reasons }) => reasons))) {
    console.log(`left out: ${reason}`);
    const places = leftOut.filter(({ reasons }) => reasons.includes(reason));
    for (const { path, line, language } of places) console.log(`    ${path}:${line} (${language})`);
  }
  for (const { path, line, text } of faults) console.log(`\n${path}:${line}: ${text.replaceAll("\n", "\n    ")}`);
  const did = [
    ...(options.commands ? [] : [`${compiled} blocks compiled, ${read} read`]),
    ...(options.code ? [] : [`${commands} commands run`]),
  ];
  const found =
    faults.length === 0
      ? "all is as it is shown"
      : `${faults.length} ${faults.length === 1 ? "is" : "are"} not as shown`;
  console.log(`\n${pages.length} pages: ${did.join(", ")}; ${found}, ${seconds} s`);
}

function list() {
  const fates = pages.flatMap(fatesOf);
  if (options.json) console.log(JSON.stringify(fates, undefined, 2));
  else
    for (const { path, line, language, fate } of fates) console.log(`${path}:${line} ${language || "text"}: ${fate}`);
}

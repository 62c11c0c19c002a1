// What each door leads to: the files of the package that it loads, and what of other packages and of Node. Read from the
// files that are in the package, import by import.
import { join } from "node:path";
import * as esbuild from "esbuild";
import { waysTo } from "./doors.mjs";

/** Of `createApp`, which the testing kit starts too. */
const SERVER = [
  "cookie",
  "node:async_hooks",
  "node:crypto",
  "node:fs/promises",
  "node:http",
  "node:https",
  "node:module",
  "node:net",
  "node:os",
  "node:path",
  "node:perf_hooks",
  "node:timers/promises",
  "node:tls",
  "node:url",
  "node:util",
  "node:worker_threads",
  "node:zlib",
  "ws",
];

/**
 * All that a door may lead to, and does: at once, and (`onUse`) when what needs it is called. A page's doors lead to nothing
 * that a page has not.
 */
export const DOORS = [
  { door: "tidings", atOnce: SERVER, onUse: ["piscina"] },
  { door: "tidings/auth", atOnce: ["jose", "node:crypto"] },
  { door: "tidings/client", condition: "node", onUse: ["ws"] },
  { door: "tidings/client" },
  { door: "tidings/protocol" },
  { door: "tidings/react", atOnce: ["react"] },
  // `node:module` is named by what the bundler puts there, and not used.
  { door: "tidings/redis", atOnce: ["node:crypto", "node:module", "redis"] },
  { door: "tidings/otel", atOnce: ["@opentelemetry/api"] },
  {
    door: "tidings/tasks",
    atOnce: ["node:async_hooks", "node:crypto", "node:os", "node:worker_threads"],
    onUse: ["piscina"],
  },
  { door: "tidings/testing", atOnce: SERVER, onUse: ["piscina"] },
];

/** What is left of one import in a program that was bundled and minified: `sideEffects: false` is true of every file. */
const SHAKEN = [
  { code: 'import "tidings"; import "tidings/redis"; import "tidings/testing";', bytes: 0 },
  { code: 'import { TidingsError } from "tidings"; console.log(TidingsError);', bytes: 500 },
  { code: 'import { channel, endpoint } from "tidings"; console.log(channel, endpoint);', bytes: 16_000 },
  { code: 'import { closeCodes } from "tidings/protocol"; console.log(closeCodes);', bytes: 1_000 },
  { code: 'import { parseMessage } from "tidings/protocol"; console.log(parseMessage);', bytes: 4_000 },
  { code: 'import { useLast } from "tidings/react"; console.log(useLast);', bytes: 1_000, leads: ["react"] },
];

/** Rejects with where the doors lead elsewhere than the table says. */
export async function checkDoorGraph({ installed, project }) {
  const ways = waysTo(installed);
  const problems = [];
  const unknown = DOORS.filter((row) => !ways.some((way) => isRow(row, way)));
  problems.push(...unknown.map(({ door, condition }) => `${door} (${condition ?? "default"}): no such door`));
  for (const way of ways) problems.push(...(await strayOf(installed, way)));
  for (const row of SHAKEN) problems.push(...(await leftOf(project, row)));
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return `${ways.length} ways in lead where they may; ${SHAKEN.length} imports leave as little as they should`;
}

function isRow({ door, condition = "default" }, way) {
  return door === way.door && condition === way.condition;
}

async function strayOf(installed, way) {
  const { door, condition, code } = way;
  const row = DOORS.find((row) => isRow(row, way));
  if (row === undefined) return [`${door} (${condition}): is not in the table`];
  const { atOnce, onUse } = await leadsFrom(join(installed, code));
  const compared = [
    ["at once", atOnce, row.atOnce ?? []],
    ["on use", onUse, row.onUse ?? []],
  ];
  return compared.flatMap(([when, found, allowed]) => [
    ...without(found, allowed).map(
      (name) => `${door} (${condition}): loads ${name} ${when}, which the table does not say`,
    ),
    ...without(allowed, found).map(
      (name) => `${door} (${condition}): does not load ${name} ${when}, as the table says`,
    ),
  ]);
}

/** Nothing is shaken off: it is what Node loads. */
async function leadsFrom(path) {
  const { metafile } = await esbuild.build({
    ...BUNDLED,
    entryPoints: [path],
    packages: "external",
    treeShaking: false,
  });
  const [{ imports }] = Object.values(metafile.outputs);
  const named = (isWanted) => [...new Set(imports.filter(isWanted).map(({ path }) => path))];
  const atOnce = named(({ kind }) => kind !== "dynamic-import");
  return {
    atOnce,
    onUse: without(
      named(({ kind }) => kind === "dynamic-import"),
      atOnce,
    ),
  };
}

async function leftOf(project, { code, bytes, leads = [] }) {
  const { metafile, outputFiles } = await esbuild.build({
    ...BUNDLED,
    stdin: { contents: code, resolveDir: project },
    external: ["node:*", ...new Set(DOORS.flatMap(({ atOnce = [], onUse = [] }) => [...atOnce, ...onUse]))],
    minify: true,
  });
  const [{ contents }] = outputFiles;
  const [{ imports }] = Object.values(metafile.outputs);
  const stray = without(
    imports.map(({ path }) => path),
    leads,
  );
  return [
    ...(contents.length > bytes ? [`${code} leaves ${contents.length} bytes, more than ${bytes}`] : []),
    ...stray.map((name) => `${code} still loads ${name}`),
  ];
}

const BUNDLED = { bundle: true, write: false, metafile: true, platform: "neutral", format: "esm", logLevel: "silent" };

function without(names, others) {
  return names.filter((name) => !others.includes(name));
}

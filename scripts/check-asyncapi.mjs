// Has AsyncAPI's own parser, and our rules, read the documents of the showcase and of apps that ask a lot of theirs: of
// schemas of zod, and of valibot and arktype with their converters. What the parser only mentions is let pass.
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createShowcase } from "../examples/showcase/app.ts";
import { secret } from "../examples/showcase/tokens.ts";
import { oddApps, SECRET } from "../test/asyncapi/corpus.ts";
import { described } from "../test/asyncapi/described.ts";
import { findBreaches } from "../test/asyncapi/rules.ts";

const folder = new URL("../test/asyncapi/parser/", import.meta.url);
const SERVED = { servers: [{ host: "example.com", protocol: "wss", pathname: "/app" }] };

await install();
const { otherValidators } = await import(new URL("other-validators.mjs", folder).href);
const { Parser, DiagnosticSeverity } = createRequire(new URL("package.json", folder))("@asyncapi/parser");

await check("the showcase", createShowcase().asyncapi());
for (const [name, endpoints] of Object.entries(oddApps)) await check(name, described(endpoints(), SERVED).document);
for (const [name, endpoints] of Object.entries(otherValidators)) {
  const { document, warnings } = described(endpoints(), SERVED);
  await check(name, document, warnings);
}

/** Without the scripts of what it installs: parsers need none. */
async function install() {
  const quiet = ["--loglevel=error", "--no-audit", "--no-fund"];
  const cwd = fileURLToPath(folder);
  await promisify(execFile)("npm", ["ci", "--ignore-scripts", ...quiet], { cwd, shell: process.platform === "win32" });
}

/** @param warnings what our own maker of the document has to say of it, where there should be nothing */
async function check(name, document, warnings = []) {
  const { document: parsed, diagnostics } = await new Parser().parse(JSON.stringify(document));
  const told = diagnostics.filter(({ severity }) => severity <= DiagnosticSeverity.Warning);
  const problems = [
    ...told.map(({ code, message, path }) => `${code}: ${message} (${path.join("/")})`),
    ...(parsed === undefined ? ["The parser gave no document."] : countProblems(parsed, document)),
    ...findBreaches(document, [secret, SECRET]),
    ...warnings.map(({ code, message }) => `${code}: ${message}`),
  ];
  if (problems.length > 0) process.exitCode = 1;
  console.log(`${name}: ${problems.length === 0 ? "passes" : ["fails", ...problems].join("\n  ")}`);
}

/** Has it read all that there is? */
function countProblems(parsed, { channels, operations }) {
  const read = [parsed.channels().length, parsed.operations().length];
  const there = [Object.keys(channels).length, Object.keys(operations).length];
  return read.join() === there.join() ? [] : [`The parser read ${read} of ${there} channels and operations.`];
}

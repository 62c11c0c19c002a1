// Tries what strangers may send, target after target, each in a process of its own: test/fuzz.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../bench/progress.mjs";
import { keepInput } from "../test/fuzz/corpus.js";
import { targets } from "../test/fuzz/targets.js";
import { buildPages } from "../ui/build.mjs";

const help = `npm run fuzz [-- options]

Changes inputs that are kept in test/fuzz/corpus, and tries them: none may throw, hang, be slow, pollute a prototype, leak a token or
stop a server. What reaches code that nothing reached before is changed further. An input that breaks a rule is made as short as it
can be and kept beside the others, where npm test tries it from then on.

  --target <name>  only this one; several: --target cookies --target http
  --seconds 60     for all of them together, in equal shares; where starting one and trying what is kept takes longer than its
                   share, some 2 s, that comes on top
  --seed 1         other changes; the same ones again as long as the code is the same
  --grow           keeps what reaches more, too
  --list           what can be tried, and what it is
  --json           prints JSON instead of lines
  --help`;

/** So long a target may say nothing: an input that takes longer hangs. */
const SILENCE_MS = 60_000;

const { values } = parseArgs({
  options: {
    target: { type: "string", multiple: true },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    grow: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const names = values.target ?? Object.keys(targets);
const strange = names.filter((name) => !Object.hasOwn(targets, name));

if (values.help) console.log(help);
else if (values.list) await list();
else if (strange.length > 0 || !(Number(values.seconds) > 0) || !Number.isSafeInteger(Number(values.seed))) {
  console.error(strange.length > 0 ? `There is no target "${strange[0]}": see --list.` : "See --help.");
  process.exitCode = 2;
} else await tryAll();

async function list() {
  const rows = await Promise.all(names.map(async (name) => ({ name, about: (await targets[name]()).about })));
  if (values.json) console.log(JSON.stringify(rows, undefined, 2));
  else for (const { name, about } of rows) console.log(`${name.padEnd(14)} ${about}`);
}

async function tryAll() {
  await buildPages();
  // A signal alone would end it without its `exit`.
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  const progress = new Progress();
  const beganMs = performance.now();
  const results = [];
  for (const [index, name] of names.entries()) {
    const title = `${name} ${index + 1}/${names.length}`;
    const tell = ({ tried, findings }, share) => {
      const shown = `${title}: ${tried} tried${findings.length > 0 ? `, ${findings.length} found` : ""}`;
      if (process.stderr.isTTY) progress.show(shown, (index + share) / names.length);
    };
    const result = await tryOne(name, Number(values.seconds) / names.length, tell);
    results.push(result);
    progress.done();
    if (!values.json) printResult(title, result);
  }
  const seconds = Math.round((performance.now() - beganMs) / 1_000);
  const found = results.reduce((sum, { findings }) => sum + findings.length, 0);
  const tried = results.reduce((sum, result) => sum + result.tried, 0);
  if (values.json)
    console.log(JSON.stringify({ seed: Number(values.seed), seconds, tried, found, results }, undefined, 2));
  else console.log(`${tried} inputs in ${seconds} s: ${found} broke a rule`);
  if (found > 0) process.exitCode = 1;
}

function printResult(title, { name, tried, grown, findings }) {
  console.log(`${title.padEnd(19)} ${String(tried).padStart(8)} tried, ${grown} reached more`);
  for (const { finding, shown, kept } of findings) {
    const places = kept === "" ? [] : [`test/fuzz/corpus/${name}/${kept}`];
    console.log([`  ${finding}`, ...places, ...shown.split("\n").slice(0, 8)].join("\n    "));
  }
}

async function tryOne(name, seconds, tell) {
  const folder = mkdtempSync(join(tmpdir(), "tidings-fuzz-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  const trying = join(folder, "input");
  const result = { name, tried: 0, grown: 0, findings: [] };
  const program = fileURLToPath(new URL("../test/fuzz/main.ts", import.meta.url));
  const args = ["--target", name, "--seconds", String(seconds), "--seed", values.seed, "--trying", trying];
  // What an input makes grow without end comes to this one.
  const limits = ["--max-old-space-size=512"];
  const child = spawn(
    process.execPath,
    [...limits, "--import", "tsx", program, ...args, ...(values.grow ? ["--grow"] : [])],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const beganMs = performance.now();
  let isSilent = false;
  const silence = setTimeout(() => {
    isSilent = true;
    child.kill("SIGKILL");
  }, SILENCE_MS);
  const ended = once(child, "close");
  for await (const line of createInterface({ input: child.stdout })) {
    silence.refresh();
    const { finding, ...told } = JSON.parse(line);
    if (finding === undefined) Object.assign(result, { tried: told.tried, grown: told.grown });
    else result.findings.push({ finding, ...told });
    tell(result, Math.min(1, (performance.now() - beganMs) / 1_000 / seconds));
  }
  clearTimeout(silence);
  const [code, signal] = await ended;
  if (code !== 0)
    result.findings.push(lastOf(name, trying, isSilent ? "it hangs" : `the process ends with ${code ?? signal}`));
  process.off("exit", remove);
  remove();
  return result;
}

/** The input that was being tried when the process ended is kept as it is: nobody is left to make it shorter. */
function lastOf(name, file, finding) {
  if (!existsSync(file)) return { finding, shown: "before anything was tried", kept: "", bytes: 0 };
  const bytes = readFileSync(file);
  const length = Number(bytes.subarray(0, 8).toString());
  const input = bytes.subarray(9, 9 + length);
  return { finding, shown: finding, kept: keepInput(name, finding, input), bytes: length };
}

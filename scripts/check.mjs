// What can be said without starting anything: form, types, what nobody uses, and the repository's own rules.
import { runSteps } from "./steps.mjs";

const program = (name, ...args) => [`node_modules/.bin/${name}`, ...args];
const REPORT = ["--reporter=default", "--reporter=json", "--outputFile.json=.reports/check.json"];

await runSteps("npm run check", [
  ["types", program("tsc", "-p", ".")],
  ["rules", program("vitest", "run", "--project", "package", "--maxWorkers", "1", ...REPORT)],
  ["types of ui/", program("tsc", "-p", "ui")],
  ["types of src/", program("tsc", "-p", "src")],
  ["what nobody uses", program("knip")],
  ["form", program("biome", "ci", ".")],
]);

// The API reference as a folder of pages, of all that the doors export. Whatever its maker mentions fails, as in CI.
import { parseArgs } from "node:util";
import { makeReference } from "./package/reference.mjs";
import { installTools } from "./package/tools.mjs";

const HELP = `npm run docs:api [-- options]

  --out .reports/api-reference   the folder that it is written to
  --help`;

const { values } = parseArgs({
  options: { out: { type: "string", default: ".reports/api-reference" }, help: { type: "boolean", default: false } },
});
if (values.help) console.log(HELP);
else {
  await installTools();
  try {
    await makeReference("--out", values.out);
    console.log(`${values.out}/index.html`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

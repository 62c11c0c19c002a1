// Keeps the client as it is now, which the next version's server is then tested with: to be run when a version is done.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

await build({
  entryPoints: ["src/client/node.ts"],
  absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
  outfile: "test/last-release/client.js",
  bundle: true,
  packages: "external",
  format: "esm",
  platform: "node",
  target: "node20.19",
  banner: { js: `// The client of tidings ${version}, as scripts/keep-client.mjs made it: not to be changed by hand.` },
});
console.log(`test/last-release/client.js is that of ${version}`);

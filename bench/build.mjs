import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const directory = fileURLToPath(new URL(".build/", import.meta.url));

/** Tells one bench from another: rows that an older one measured say nothing beside this one's. */
export function hashOfBench() {
  const own = ["./", "rows/", "servers/", "load/"].flatMap((folder) => {
    return readdirSync(new URL(folder, import.meta.url)).map((file) => folder + file);
  });
  return hashOf(own.filter((file) => /\.(mjs|py)$/.test(file)).map((file) => new URL(file, import.meta.url)));
}

function hashOf(files) {
  const hash = createHash("sha256");
  for (const file of files.sort()) hash.update(readFileSync(file));
  return hash.digest("hex").slice(0, 10);
}

/**
 * Builds Tidings as it would be published, into a folder of the bench's own. Never through a loader: what that adds to
 * each function would be measured too.
 *
 * @returns {{ url: string, hash: string }} where it is, and what tells one build from another
 */
export function buildTidings() {
  rmSync(directory, { recursive: true, force: true });
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [`${root}node_modules/tsdown/dist/run.mjs`, "--out-dir", directory, "--no-dts", "--logLevel", "warn"],
    { cwd: root, encoding: "utf8", timeout: 120_000 },
  );
  if (status !== 0) {
    throw new Error(`Tidings could not be built (is \`npm ci\` done in its root?):\n${stdout ?? ""}${stderr ?? error}`);
  }
  const files = readdirSync(directory, { recursive: true });
  const built = files.filter((file) => file.endsWith(".js")).map((file) => `${directory}${file}`);
  // It finds its own dependencies, not those of its peers.
  symlinkSync(`${root}node_modules`, `${directory}node_modules`, "junction");
  return { url: pathToFileURL(directory).href, hash: hashOf(built) };
}

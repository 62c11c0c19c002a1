import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folderOf = (target: string) => fileURLToPath(new URL(`./corpus/${target}/`, import.meta.url));

/** The inputs that are kept for a target, by the names of their files. */
export function readCorpus(target: string): ReadonlyMap<string, Buffer> {
  const folder = folderOf(target);
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder).sort();
  return new Map(files.map((file) => [file, readFileSync(`${folder}${file}`)]));
}

/** Keeps one more, under a name that says what it does. Gives the file's name. */
export function keepInput(target: string, what: string, input: Buffer): string {
  const words = what
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 60)
    .replace(/^-|-$/g, "");
  const digest = createHash("sha256").update(input).digest("hex").slice(0, 6);
  const file = `${words}-${digest}.txt`;
  mkdirSync(folderOf(target), { recursive: true });
  writeFileSync(`${folderOf(target)}${file}`, input);
  return file;
}

// The console and the dashboard as files that a browser takes, in ui/dist. As a program it builds where something is newer than what is there.
import { mkdir, readdir, rename, stat, utimes, writeFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Where the pages are when they are built: a folder that git ignores. */
export const builtPages = new URL("dist/", import.meta.url);

/** Each is served at `/<path>`, and what it needs at `/<path>/…`. All references are relative, so that a prefix before them does no harm. */
const pages = [
  { name: "console", path: "docs" },
  { name: "dashboard", path: "dashboard" },
];

const ui = new URL("./", import.meta.url);
const source = new URL("../src/", import.meta.url);
const packageLock = new URL("../package-lock.json", import.meta.url);

/** Builds both pages, where they are not there, something is newer, or it is forced. */
export async function buildPages({ force = false } = {}) {
  const began = new Date();
  const [newest, built] = await Promise.all([newestSource(), builtAtMs()]);
  if (!force && newest <= built) return;
  await mkdir(builtPages, { recursive: true });
  for (const page of pages) {
    const made = await bundle(page);
    // The page itself last: who sees it has all of it, and its time tells that all is there.
    const inOrder = made.toSorted((a, b) => Number(isPage(a)) - Number(isPage(b)));
    for (const { fileName, content } of inOrder) await put(fileName, content, began);
  }
}

function isPage({ fileName }) {
  return fileName.endsWith(".html");
}

/** Vite is loaded where it is needed only: to see that all is built takes no longer for it. */
async function bundle({ name, path }) {
  const { build } = await import("vite");
  const root = fileURLToPath(new URL(`${name}/`, ui));
  // It sets this where it is not set; an app that starts in this process next would take itself to be in production.
  const { NODE_ENV } = process.env;
  const result = await build({
    root,
    configFile: false,
    envFile: false,
    logLevel: "error",
    publicDir: false,
    // As the package's doors say it to who has installed it.
    resolve: { alias: [{ find: /^tidings\/(\w+)$/, replacement: fileURLToPath(new URL("$1/index.ts", source)) }] },
    // Whatever NODE_ENV is here.
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
    build: {
      write: false,
      target: "es2022",
      assetsInlineLimit: 0, // the pages' policy allows no `data:`
      modulePreload: false,
      rollupOptions: {
        input: `${root}${name}.html`,
        output: { entryFileNames: "[name].js", assetFileNames: "[name][extname]" },
      },
    },
    // Of a page at `/docs` the folder is `/`, and its files are in `/docs/`.
    experimental: {
      renderBuiltUrl: (file, { hostType }) => (hostType === "html" ? `${path}/${file}` : { relative: true }),
    },
  });
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  if (!("output" in result)) throw new Error("Vite gave no output.");
  return result.output.map((made) => ({
    fileName: made.fileName,
    content: made.type === "chunk" ? made.code : made.source,
  }));
}

/** Whole or not at all, and of the time when the build began: what was changed since is newer. */
async function put(name, content, at) {
  const unfinished = new URL(`${name}.${process.pid}`, builtPages);
  await writeFile(unfinished, content);
  await utimes(unfinished, at, at);
  await rename(unfinished, new URL(name, builtPages));
}

/** Of all that the pages are made of. */
async function newestSource() {
  const folders = [
    ui,
    ...["base/", "client/", "dashboard/", "declare/", "protocol/"].map((each) => new URL(each, source)),
  ];
  const changes = await Promise.all(folders.map(newestIn));
  return Math.max((await stat(packageLock)).mtimeMs, ...changes);
}

async function newestIn(folder) {
  const entries = await readdir(folder, { recursive: true });
  const sources = entries.filter((entry) => !/^dist\b/.test(entry) && !/\.test\.tsx?$/.test(entry));
  const changes = await Promise.all(sources.map(async (entry) => (await stat(new URL(entry, folder))).mtimeMs));
  return Math.max(0, ...changes);
}

/** Of the page that was written first. */
async function builtAtMs() {
  const built = pages.map(async ({ name }) => (await stat(new URL(`${name}.html`, builtPages))).mtimeMs);
  try {
    return Math.min(...(await Promise.all(built)));
  } catch {
    return 0; // one of them was never built
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  await buildPages({ force: process.argv.includes("--force") });

import { mkdir, readdir, rename, stat, utimes, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Where the page is when it is built: a folder that git ignores. */
export const builtPage = new URL("dist/", import.meta.url);

const page = new URL("page/", import.meta.url);
const source = new URL("../../src/", import.meta.url);
/** What the page is made of. */
const sources = [page, ...["base/", "client/", "protocol/", "react/"].map((folder) => new URL(folder, source))];

const PAGE = "index.html";

/** Builds the page, where something that it is made of is newer than what is there. */
export async function buildPage(): Promise<void> {
  const began = new Date();
  const [newest, built] = await Promise.all([newestOf(sources), builtAtMs()]);
  if (newest <= built) return;
  await mkdir(builtPage, { recursive: true });
  const made = await bundle();
  // The page itself last: who sees it has all of it, and its time tells that all is there.
  const inOrder = made.toSorted((a, b) => Number(a.fileName === PAGE) - Number(b.fileName === PAGE));
  for (const { fileName, content } of inOrder) await put(fileName, content, began);
}

/** Vite is loaded where it is needed only: to start a page that is built takes no longer for it. */
export async function bundle(): Promise<{ readonly fileName: string; readonly content: string | Uint8Array }[]> {
  const { build } = await import("vite");
  // It sets this where it is not set; the app that starts next would take itself to be in production.
  const { NODE_ENV } = process.env;
  const result = await build({
    root: fileURLToPath(page),
    configFile: false,
    logLevel: "error",
    // As the package's doors say it to who has installed it.
    resolve: { alias: [{ find: /^tidings\/(\w+)$/, replacement: fileURLToPath(new URL("$1/index.ts", source)) }] },
    // Whatever NODE_ENV is here.
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    oxc: { jsx: { runtime: "automatic", development: false } },
    build: {
      write: false,
      target: "es2022",
      assetsInlineLimit: 0, // the page's policy allows no `data:`
      modulePreload: false,
      rollupOptions: { output: { entryFileNames: "[name].js", assetFileNames: "[name][extname]" } },
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
async function put(name: string, content: string | Uint8Array, at: Date): Promise<void> {
  const unfinished = new URL(`${name}.${process.pid}`, builtPage);
  await writeFile(unfinished, content);
  await utimes(unfinished, at, at);
  await rename(unfinished, new URL(name, builtPage));
}

async function newestOf(folders: readonly URL[]): Promise<number> {
  const changes = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(folder, { recursive: true });
      return Promise.all(entries.map(async (entry) => (await stat(new URL(entry, folder))).mtimeMs));
    }),
  );
  return Math.max(...changes.flat());
}

async function builtAtMs(): Promise<number> {
  try {
    return (await stat(new URL(PAGE, builtPage))).mtimeMs;
  } catch {
    return 0; // it was never built
  }
}

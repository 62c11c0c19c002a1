import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import * as vite from "vite";
import { beforeAll, expect, test } from "vitest";

// The page's own bytes are counted too: of a page that does no more, nobody loads more than this.
const page = 'import { connect } from "tidings/client";\nconnect("/ws");';
const source = fileURLToPath(new URL("../../src/", import.meta.url));

let byVite: string;
let byEsbuild: Bundle;

beforeAll(async () => {
  [byVite, byEsbuild] = await Promise.all([bundleWithVite(), bundleWithEsbuild()]);
});

test("all of the client is 5 KB at most, gzipped, in what Vite makes of a page", () => {
  expect(gzippedBytes(byVite), describeSizes()).toBeLessThanOrEqual(5_120);
});

// More than Vite makes of it, and so no promise: it is here that it does not grow unseen.
test("esbuild makes no more of it than it did", () => {
  expect(gzippedBytes(byEsbuild.code), describeSizes()).toBeLessThanOrEqual(5_300);
});

test("what is measured has tasks, channels and resuming in it, and nothing of Node or of the server", () => {
  const files = [...byEsbuild.bytes.keys()];
  for (const noun of ["task-book", "channel-subscription", "redial"]) expect(files).toContain(`client/${noun}.ts`);
  expect(files.filter((file) => !/^(client(?!\/node)|protocol|base)\//.test(file))).toEqual([]);
});

interface Bundle {
  readonly code: string;
  /** What each file under `src/` has of the code. */
  readonly bytes: ReadonlyMap<string, number>;
}

/** With the settings of a project that has none. */
async function bundleWithVite(): Promise<string> {
  const built = await vite.build({
    configFile: false,
    root: source,
    logLevel: "error",
    resolve: { alias: [{ find: "tidings/client", replacement: `${source}client/index.ts` }] },
    plugins: [
      {
        name: "page",
        resolveId: (id) => (id === "page" ? id : undefined),
        load: (id) => (id === "page" ? page : undefined),
      },
    ],
    build: { write: false, rolldownOptions: { input: "page" } },
  });
  if (!("output" in built)) throw new Error("Vite gave no output.");
  return built.output.map((made) => (made.type === "chunk" ? made.code : String(made.source))).join("");
}

async function bundleWithEsbuild(): Promise<Bundle> {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents: page, resolveDir: source },
    absWorkingDir: source,
    alias: { "tidings/client": `${source}client/index.ts` },
    bundle: true,
    minify: true,
    format: "esm",
    metafile: true,
    write: false,
  });
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const bytes = inputs.map(([file, { bytesInOutput }]) => [file, bytesInOutput] as const);
  return {
    code: outputFiles.map(({ text }) => text).join(""),
    bytes: new Map(bytes.filter(([file, count]) => file !== "<stdin>" && count > 0)),
  };
}

function gzippedBytes(code: string): number {
  return gzipSync(code, { level: 9 }).length;
}

/** What to look at where it is too much. */
function describeSizes(): string {
  const files = [...byEsbuild.bytes].sort(([, a], [, b]) => b - a);
  return [
    `Gzipped: ${gzippedBytes(byVite)} bytes by Vite, ${gzippedBytes(byEsbuild.code)} by esbuild. Of each file, before gzip:`,
    ...files.map(([file, count]) => `${String(count).padStart(6)}  ${file}`),
    "",
  ].join("\n");
}

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../../src/http/page-files.ts", import.meta.url));

/** A server that is one file, in a folder of its own, and what it says of the console's page. */
async function bundle(format: "esm" | "cjs") {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "bundled-")));
  const program = join(folder, "app", format === "esm" ? "server.mjs" : "server.cjs");
  await build({
    stdin: {
      contents: `
        import { PageFiles } from ${JSON.stringify(source)};
        new PageFiles().read("console.html").then(({ plain }) => console.log(String(plain)), ({ message }) => console.log(message));`,
      resolveDir: folder,
    },
    bundle: true,
    platform: "node",
    format,
    outfile: program,
    logLevel: "error",
    logOverride: { "empty-import-meta": "silent" },
  });
  return {
    async put(path: string, text: string) {
      await mkdir(join(folder, path, ".."), { recursive: true });
      await writeFile(join(folder, path), text);
    },
    async read() {
      const { stdout } = await promisify(execFile)(process.execPath, [program], { cwd: tmpdir() });
      return stdout.trim();
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

test.each(["esm", "cjs"] as const)("a server bundled into one file (%s) finds the pages beside it", async (format) => {
  await using server = await bundle(format);
  await server.put("app/package.json", '{"name":"my-app"}');
  expect(await server.read()).toMatch(/put a copy of `node_modules\/tidings\/ui\/dist`, named `tidings-pages`/);
  await server.put("node_modules/tidings/package.json", '{"name":"tidings"}');
  await server.put("node_modules/tidings/ui/dist/console.html", "installed");
  expect(await server.read()).toBe("installed");
  await server.put("app/tidings-pages/console.html", "beside");
  expect(await server.read()).toBe("beside");
});

test("one whose package.json can't be read still finds them", async () => {
  await using server = await bundle("esm");
  await server.put("app/package.json", "{");
  await server.put("app/tidings-pages/console.html", "beside");
  expect(await server.read()).toBe("beside");
});

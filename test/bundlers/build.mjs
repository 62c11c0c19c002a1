// Builds each page with each bundler as it is without settings, into out/<bundler>-<page>/. What a bundler warns of, and what
// has nothing to do in a page, fails.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import * as esbuild from "esbuild";
import * as vite from "vite";
import webpack from "webpack";

const here = fileURLToPath(new URL("./", import.meta.url));
const pages = { plain: "main.ts", react: "main.tsx" };
const bundlers = { vite: buildWithVite, webpack: buildWithWebpack, esbuild: buildWithEsbuild };
/** What only Node has, and what stands for `ws` in a page. */
const ofNode = /["'`]node:\w+["'`]|\b(from|import|require)\s*\(?\s*["'`]ws["'`]|ws does not work in the browser/g;

for (const [bundler, build] of Object.entries(bundlers)) {
  for (const [page, main] of Object.entries(pages)) {
    const out = `${here}out/${bundler}-${page}/`;
    mkdirSync(out, { recursive: true });
    const warnings = await build(`${here}${page}/`, main, out);
    report(`${bundler}, ${page}`, out, warnings);
  }
}

function report(name, out, warnings) {
  const scripts = readdirSync(out, { recursive: true }).filter((file) => file.endsWith(".js"));
  const code = scripts.map((file) => readFileSync(out + file, "utf8")).join("");
  const faults = [...warnings, ...(code.match(ofNode) ?? []).map((found) => `The page has ${found} in it.`)];
  console.log(`${name}: ${faults.length === 0 ? "builds" : "fails"}, ${gzipSync(code).length} bytes gzipped`);
  if (faults.length === 0) return;
  console.error(faults.join("\n"));
  process.exitCode = 1;
}

/** It begins with the page itself. Its plugin for React is of every such project: without it Vite warns of "use client". */
async function buildWithVite(root, main, outDir) {
  const warnings = [];
  const customLogger = vite.createLogger("silent");
  customLogger.warn = customLogger.warnOnce = (message) => warnings.push(message);
  const plugins = main.endsWith("x") ? [react()] : [];
  await vite.build({
    root,
    base: "./",
    plugins,
    configFile: false,
    customLogger,
    logLevel: "silent",
    build: { outDir, emptyOutDir: true, reportCompressedSize: false },
  });
  return warnings;
}

async function buildWithWebpack(root, main, out) {
  const stats = await promisify(webpack)({
    mode: "production",
    context: root,
    entry: `./${main}`,
    output: { path: out, filename: "main.js" },
    resolve: { extensions: [".tsx", ".ts", ".js"] },
    // Its types were checked before.
    module: { rules: [{ test: /\.tsx?$/, loader: "ts-loader", options: { transpileOnly: true } }] },
  });
  writePage(root, main, out);
  const { warnings, errors } = stats.toJson({ all: false, warnings: true, errors: true });
  return [...errors, ...warnings].map(({ message }) => message);
}

async function buildWithEsbuild(root, main, out) {
  const { warnings } = await esbuild.build({
    entryPoints: [root + main],
    outfile: `${out}main.js`,
    bundle: true,
    minify: true,
    format: "esm",
    logLevel: "silent",
  });
  writePage(root, main, out);
  return warnings.map(({ text }) => text);
}

function writePage(root, main, out) {
  writeFileSync(`${out}index.html`, readFileSync(`${root}index.html`, "utf8").replace(main, "main.js"));
}

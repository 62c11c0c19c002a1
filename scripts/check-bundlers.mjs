// Two pages that use the package as it would be published: they are type-checked as a bundler's project, built by Vite,
// webpack and esbuild, and what was built is opened in Chromium, where it talks with a server.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { launchChromium } from "../test/support/chromium.ts";
import { compile, together, withUserProject } from "./user-project.mjs";
import { UserServer } from "./user-server.mjs";

const run = promisify(execFile);

await withUserProject("bundlers", async (folder) => {
  await together(typeChecks(folder), builds(folder));
  await loadsInNode(folder);
  await opens(folder);
});

async function typeChecks(folder) {
  await compile(folder, "--noEmit");
  // As a new project of Vite's has it.
  await compile(folder, "--noEmit", "--skipLibCheck", "--lib", "ES2023,DOM,DOM.Iterable");
  await compile(folder, "--project", "tsconfig.server.json");
}

/** As what renders pages on a server does: it dials nobody, and the process ends by itself. */
async function loadsInNode(cwd) {
  const loads = ["import", "require"].map((how) => `${how}("tidings/client"), ${how}("tidings/react")`);
  const program = `Promise.all([${loads}]).then((doors) => console.log(doors.flatMap(Object.keys).join(" ")))`;
  const { stdout } = await run(process.execPath, ["--no-warnings", "--eval", program], { cwd, timeout: 20_000 });
  assert.match(stdout, /connect .*TidingsProvider .*connect .*TidingsProvider /);
  // Where components are of the server unless they say otherwise, the hooks must.
  assert.match(readFileSync(join(cwd, "node_modules/tidings/dist/react/index.js"), "utf8"), /^\s*"use client";/);
}

async function builds(cwd) {
  const { stdout } = await run(process.execPath, ["build.mjs"], { cwd }).catch((error) => {
    throw new Error(`${error.stdout}${error.stderr}`);
  });
  console.log(stdout.trimEnd());
}

async function opens(folder) {
  const server = new UserServer(folder);
  const browser = await launchChromium();
  try {
    const url = await server.url;
    for (const name of readdirSync(join(folder, "out"))) {
      await talks(browser, `${url}/${name}/index.html`);
      console.log(`${name.replace("-", ", ")}: talks with a server`);
    }
    await browser.close();
    assert.equal(await server.end(), 0, "The server did not end well.");
  } catch (error) {
    throw new Error(`The server said:\n${server.printed}${server.logged}`, { cause: error });
  } finally {
    await browser.close();
    server.kill();
  }
}

async function talks(browser, url) {
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error));
  await page.goto(url);
  if (url.includes("-react/")) await page.getByRole("button", { name: "nothing yet" }).click();
  await page.getByText("heard: hello").waitFor({ timeout: 10_000 });
  assert.deepEqual(errors, []);
  await page.close();
}

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { appIn, loadApp, nodeFlagsFor } from "./load-app.js";

const app = { listen() {}, attach() {}, publish() {}, "~host"() {} };
const other = { ...app };

/** A file that is gone afterwards. */
class Module implements Disposable {
  readonly #folder: string = mkdtempSync(join(tmpdir(), "tidings-load-"));
  readonly path: string;

  constructor(name: string, text: string) {
    this.path = join(this.#folder, name);
    writeFileSync(this.path, text);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

test.each([
  ["as app", { app, default: other }, app],
  ["as its default", { default: app, another: other }, app],
  ["as the only one", { chat: app, room: {}, text: "x", nothing: null }, app],
  ["of CommonJS", { default: { app, default: other } }, app],
  ["of CommonJS, as its default", { default: { default: app, room: {} } }, app],
  ["twice under two names", { chat: app, same: app }, app],
  ["not at all", { room: {} }, undefined],
])("an app is found that is exported %s", (_name, module, expected) => {
  expect(appIn(module, "app.ts")).toBe(expected);
});

test("of several none is guessed", () => {
  expect(() => appIn({ chat: app, news: other }, "app.ts")).toThrow(
    expect.objectContaining({ code: "several_apps", message: expect.stringContaining("app.ts exports 2 apps") }),
  );
});

test("a file that is not there is told with those that are", async () => {
  await expect(loadApp("ap.ts")).rejects.toMatchObject({
    code: "no_such_file",
    message: expect.stringContaining("ap.ts"),
  });
  // The one of this repository that is called so.
  await expect(loadApp("src/index")).rejects.toMatchObject({ fix: expect.stringContaining("src/index.ts") });
});

test("a module that throws is told with what it threw, and where", async () => {
  using module = new Module("app.mjs", 'export const app = null;\nthrow new Error("no database");');
  await expect(loadApp(module.path)).rejects.toMatchObject({
    code: "module_failed",
    message: expect.stringMatching(/app\.mjs can't be loaded: no database/),
    fix: expect.stringContaining("app.mjs:2"),
  });
});

test("a module without an app is told how to export one", async () => {
  using module = new Module("app.mjs", "export const room = 1;");
  await expect(loadApp(module.path)).rejects.toMatchObject({
    code: "no_app",
    fix: expect.stringContaining("export const app"),
  });
});

// That it then reads what only tsx can is seen in a project of its own: scripts/check-create.mjs.
test("a process without a loader takes the project's tsx for an app of TypeScript", async () => {
  using module = new Module("app.ts", 'export const app = { listen() {}, attach() {}, publish() {}, "~host"() {} };');
  const folder = join(dirname(module.path), "node_modules");
  mkdirSync(folder);
  const tsx = dirname(createRequire(import.meta.url).resolve("tsx/package.json"));
  symlinkSync(tsx, join(folder, "tsx"), "junction");
  await expect(loadApp(module.path)).resolves.toHaveProperty("listen");
});

test("a module finds in its environment what .env says, and what was there before", async () => {
  using module = new Module(
    "app.mjs",
    `const { LOADED_SECRET: secret, LOADED_PORT: port } = process.env;
export const app = { secret, port, listen() {}, attach() {}, publish() {}, "~host"() {} };`,
  );
  writeFileSync(join(dirname(module.path), ".env"), "LOADED_SECRET=of the file\nLOADED_PORT=1");
  const { env } = process;
  const from = process.cwd();
  process.chdir(dirname(module.path));
  process.env = { ...env, LOADED_PORT: "2" };
  try {
    await expect(loadApp("app.mjs")).resolves.toMatchObject({ secret: "of the file", port: "2" });
  } finally {
    process.env = env;
    process.chdir(from);
  }
});

test("TypeScript is read by the project's tsx; without it, by a Node that reads it, or it is said what to install", () => {
  expect(nodeFlagsFor("/any/app.js")).toEqual([]);
  expect(nodeFlagsFor(join(process.cwd(), "app.ts"))).toEqual(["--import", expect.stringMatching(/^file:.*tsx/)]);
  const elsewhere = join(tmpdir(), "app.ts");
  const from = process.cwd();
  process.chdir(tmpdir());
  try {
    const flags = () => nodeFlagsFor(elsewhere);
    if (Reflect.get(process.features, "typescript")) expect(flags()).toEqual([]);
    else
      expect(flags).toThrow(
        expect.objectContaining({
          code: "typescript_unreadable",
          fix: expect.stringContaining("npm install --save-dev tsx"),
        }),
      );
  } finally {
    process.chdir(from);
  }
});

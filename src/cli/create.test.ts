import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createProject } from "./create/project.js";
import { stepInto } from "./create.js";
import { runProgram } from "./program.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (...path: string[]) => readFileSync(join(...path), "utf8");

/** An empty folder that is gone afterwards. */
class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "tidings-create-"));
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

async function run(...args: string[]) {
  const said = { stdout: "", stderr: "" };
  const into = (name: "stdout" | "stderr") => ({
    write: (text: string) => {
      said[name] += text;
      return true;
    },
  });
  const stdin = (async function* () {})();
  const code = await runProgram(args, { stdout: into("stdout"), stderr: into("stderr"), stdin, env: {} });
  return { code, ...said };
}

test("a project is written, with what npm would leave out, and says what comes next", async () => {
  using folder = new Folder();
  const path = join(folder.path, "My Chat");
  const { code, stdout, stderr } = await run("create", path, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  const { name, files, steps } = JSON.parse(stdout);
  expect(name).toBe("my-chat");
  expect(files).toEqual(readdirSync(path).sort());
  expect(files).toEqual(
    expect.arrayContaining([".env", ".env.example", ".gitignore", "app.ts", "app.test.ts", "package.json"]),
  );
  expect(steps).toEqual([`cd '${relative(process.cwd(), path)}'`, "npm install", "npm test", "npm run dev"]);
  expect(JSON.parse(read(path, "package.json"))).toMatchObject({
    name: "my-chat",
    scripts: { dev: "tidings dev app.ts" },
  });
});

test.each([
  ["chat", "chat"],
  ["../chat-2/a.b", "../chat-2/a.b"],
  ["My Project!", "'My Project!'"],
  ["Ana's", "'Ana'\\''s'"],
  ["$(id)", "'$(id)'"],
  ["-chat", "./-chat"],
  ["Überall", "Überall"],
])("the folder %j is entered by `cd %s`", (folder, expected) => {
  expect(stepInto(folder)).toBe(`cd ${expected}`);
});

test("each has a secret of its own, that only its owner reads and git does not", async () => {
  using folder = new Folder();
  const secrets = ["one", "two"].map((name) => {
    const { path } = createProject(join(folder.path, name), { isForced: false });
    expect(statSync(join(path, ".env")).mode & 0o777).toBe(0o600);
    expect(read(path, ".gitignore").split("\n")).toContain(".env");
    expect(read(path, ".env.example")).toMatch(/^TIDINGS_JWT_SECRET=$/m);
    return /^TIDINGS_JWT_SECRET=([\w-]{43})$/m.exec(read(path, ".env"))?.[1];
  });
  expect(new Set([...secrets, undefined]).size).toBe(3);
});

test("a folder that is not empty is left alone, and so is a file; with --force a secret stays", async () => {
  using folder = new Folder();
  writeFileSync(join(folder.path, "app.ts"), "mine");
  writeFileSync(join(folder.path, ".env"), "TIDINGS_JWT_SECRET=mine");
  const refused = await run("create", folder.path, "--json");
  expect([refused.code, JSON.parse(refused.stderr).error.code]).toEqual([2, "folder_not_empty"]);
  const onFile = await run("create", join(folder.path, "app.ts"), "--json");
  expect([onFile.code, JSON.parse(onFile.stderr).error.code]).toEqual([2, "not_a_folder"]);
  expect(read(folder.path, "app.ts")).toBe("mine");
  expect((await run("create", folder.path, "--force")).code).toBe(0);
  expect(read(folder.path, "app.ts")).toContain("createApp");
  expect(read(folder.path, ".env")).toBe("TIDINGS_JWT_SECRET=mine");
});

test("a folder with nothing but its git is empty", () => {
  using folder = new Folder();
  mkdirSync(join(folder.path, ".git"));
  expect(createProject(folder.path, { isForced: false }).files).toContain("app.ts");
});

test.each([
  ["Chat Room", "chat-room"],
  ["_private", "private"],
  ["Überall", "berall"],
  ["...", "tidings-app"],
  ["tidings", "tidings-app"],
])("a folder %j makes a name that npm takes: %s", (name, expected) => {
  using folder = new Folder();
  expect(createProject(join(folder.path, "in", name), { isForced: false }).name).toBe(expected);
});

test("a project's README tells of each of its scripts", () => {
  const { scripts } = JSON.parse(read(root, "templates/app/package.json"));
  const readme = read(root, "templates/app/README.md");
  const told = [...readme.matchAll(/npm (?:run (?:--silent )?)?(\w+)/g)].map(([, name]) => name);
  expect(told).toEqual(expect.arrayContaining(Object.keys(scripts)));
});

test("what a project depends on is what is tested here", () => {
  const here = JSON.parse(read(root, "package.json"));
  const { dependencies, devDependencies } = JSON.parse(read(root, "templates/app/package.json"));
  const { tidings: _, ...others } = dependencies;
  for (const [name, range] of Object.entries({ ...others, ...devDependencies })) {
    expect([name, range]).toEqual([name, here.devDependencies[name]]);
  }
  expect(existsSync(join(root, "templates/app/.gitignore"))).toBe(false);
});

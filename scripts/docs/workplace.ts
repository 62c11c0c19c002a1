import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { readRepository, readRepositoryFile } from "../../test/support/repository.js";
import type { SessionOptions } from "./session.js";

/**
 * Where pages are followed: each in a folder in which the package is installed as it would be published, or, where it is
 * about the examples, in a copy of the repository; and with ports of its own.
 */
export class Workplace {
  readonly #root: string;
  readonly #pack: Pack;
  readonly #folder = mkdtempSync(join(tmpdir(), "tidings-docs-"));
  readonly #lines: Line[] = [];
  #project: Promise<string> | undefined;
  #repository: string | undefined;

  constructor({ root, pack }: { readonly root: string; readonly pack: Pack }) {
    this.#root = root;
    this.#pack = pack;
  }

  /** For the commands of the page at this path. */
  async open(path: string): Promise<SessionOptions> {
    const project = await (this.#project ??= this.#install());
    const folder = this.#folderFor(path, project);
    this.#lines.push(await Line.open());
    return { folder, env: this.#envOf(folder), enter: this.#lines.at(-1)?.enter };
  }

  async close(): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.close()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** As README says of a project of one's own. */
  async #install(): Promise<string> {
    const tarball = await this.#pack(join(this.#folder, "package"));
    this.#writeCommands(tarball);
    const project = join(this.#folder, "project");
    const { dependencies, devDependencies } = JSON.parse(readRepositoryFile("templates/app/package.json"));
    const own = { name: "project", private: true, type: "module", devDependencies };
    mkdirSync(project);
    writeFileSync(
      join(project, "package.json"),
      JSON.stringify({ ...own, dependencies: { ...dependencies, tidings: `file:${tarball}` } }),
    );
    cpSync(join(this.#root, "templates/app/tsconfig.json"), join(project, "tsconfig.json"));
    await promisify(execFile)("npm", ["install"], { cwd: project, env: this.#envOf(project) });
    return project;
  }

  #folderFor(path: string, project: string): string {
    if (path.startsWith("examples/")) return this.#copyOfRepository();
    const folder = this.#copyOf(project, path);
    if (!path.startsWith("templates/")) return folder;
    // It is the page of the project that is made of it.
    execFileSync("node_modules/.bin/tidings", ["create", "chat"], { cwd: folder, stdio: "ignore" });
    return join(folder, "chat");
  }

  /** The files are the same ones, but for those that npm writes to. */
  #copyOf(project: string, path: string): string {
    const folder = join(this.#folder, path.replaceAll(/\W+/g, "-"));
    execFileSync("cp", [process.platform === "linux" ? "-al" : "-a", project, folder]);
    for (const name of ["package.json", "package-lock.json", "tsconfig.json", "node_modules/.package-lock.json"]) {
      rmSync(join(folder, name));
      cpSync(join(project, name), join(folder, name));
    }
    return folder;
  }

  /** One for all: nobody writes to it. */
  #copyOfRepository(): string {
    if (this.#repository !== undefined) return this.#repository;
    const folder = join(this.#folder, "repository");
    for (const path of readRepository(/./).keys()) cpSync(join(this.#root, path), join(folder, path));
    for (const name of ["dist", "ui/dist"]) cpSync(join(this.#root, name), join(folder, name), { recursive: true });
    symlinkSync(join(this.#root, "node_modules"), join(folder, "node_modules"));
    this.#repository = folder;
    return folder;
  }

  /** What a shell has, without what npm has put there for us. */
  #envOf(folder: string): Record<string, string | undefined> {
    const { HOME, LANG, PATH = "" } = process.env;
    const path = [join(this.#folder, "bin"), ...PATH.split(":").filter((each) => !each.includes("node_modules"))];
    return {
      HOME,
      LANG,
      PATH: [...path, join(folder, "node_modules/.bin")].join(":"),
      NO_COLOR: "1",
      npm_config_update_notifier: "false",
      npm_config_audit: "false",
      npm_config_fund: "false",
      npm_config_prefer_offline: "true",
    };
  }

  /** npm takes the tarball for what is not published yet, and npx, which only finds what is installed, is spared its start. */
  #writeCommands(tarball: string): void {
    const bin = join(this.#folder, "bin");
    mkdirSync(bin, { recursive: true });
    const real = (name: string) => execFileSync("which", [name], { encoding: "utf8" }).trim();
    const commands = {
      npm: `case "$1" in install)
  for arg do shift; [ "$arg" = tidings ] && arg=${tarball}; set -- "$@" "$arg"; done
esac
exec ${real("npm")} "$@"`,
      npx: `folder=$PWD
while [ "$folder" != / ]; do
  [ -x "$folder/node_modules/.bin/$1" ] && command="$folder/node_modules/.bin/$1" && shift && exec "$command" "$@"
  folder=$(dirname "$folder")
done
exec ${real("npx")} "$@"`,
    };
    for (const [name, text] of Object.entries(commands)) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
  }
}

/** Makes the package's tarball in a new folder, and gives its path. */
type Pack = (folder: string) => Promise<string>;

/** A loopback that nobody else is on, so that every port is free. Where there is none to be had, that of this computer. */
class Line {
  readonly enter: readonly string[];
  readonly #holder: ChildProcess | undefined;

  private constructor(holder: ChildProcess | undefined) {
    this.#holder = holder;
    const { pid } = holder ?? {};
    this.enter =
      pid === undefined ? [] : ["nsenter", "--target", String(pid), "--user", "--net", "--preserve-credentials"];
  }

  static async open(): Promise<Line> {
    if (process.platform !== "linux") return new Line(undefined);
    // It ends with its stdin, also where this process is killed.
    const holder = spawn("unshare", ["-rn", "sh", "-c", "ip link set lo up && echo up && exec cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [said] = await Promise.race([once(holder.stdout, "data"), once(holder, "close")]);
    if (String(said) !== "up\n") throw new Error("There is no network to be had with `unshare -rn`.");
    return new Line(holder);
  }

  async close(): Promise<void> {
    if (this.#holder === undefined) return;
    const closed = once(this.#holder, "close");
    this.#holder.stdin?.end();
    await closed;
  }
}

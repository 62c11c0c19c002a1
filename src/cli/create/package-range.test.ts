import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { rangeOf } from "./package-range.js";

/** Files of a disk, by their paths; a text that is no text is JSON. */
class Disk implements Disposable {
  readonly path: string = realpathSync(mkdtempSync(join(tmpdir(), "tidings-range-")));

  constructor(files: Readonly<Record<string, unknown>>) {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.path, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    }
  }

  /** For a project in the folder `new/demo`. */
  range(from: string): string {
    mkdirSync(join(this.path, "new/demo"), { recursive: true });
    return rangeOf({ folder: join(this.path, "new/demo"), from: `${join(this.path, from)}/`, version: "0.8.0" });
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

const installed = "a/node_modules/tidings";
const lockOf = (resolved: string) => ({ packages: { "node_modules/tidings": { version: "0.8.0", resolved } } });

test.each([
  ["a tarball", lockOf("file:../packed/tidings-0.8.0.tgz"), "file:../../packed/tidings-0.8.0.tgz"],
  ["a registry", lockOf("https://registry.example/tidings/-/tidings-0.8.0.tgz"), "^0.8.0"],
  ["a tarball that is gone", lockOf("file:../packed/other.tgz"), "^0.8.0"],
  ["a lock that can't be read", "{", "^0.8.0"],
])("installed from %s", (_name, lock, expected) => {
  using disk = new Disk({ "packed/tidings-0.8.0.tgz": "", "a/node_modules/.package-lock.json": lock });
  expect(disk.range(installed)).toBe(expected);
});

test("a tarball with a blank in its path, named by an absolute path", () => {
  using disk = new Disk({ "packed here/tidings.tgz": "" });
  using other = new Disk({
    "a/node_modules/.package-lock.json": lockOf(`file:${disk.path}/packed%20here/tidings.tgz`),
  });
  expect(other.range(installed)).toMatch(/^file:\.\.\/\.\.\/\.\.\/[^/]+\/packed here\/tidings\.tgz$/);
});

test("installed by a package manager that keeps no such lock, from a tarball that the project names", () => {
  using disk = new Disk({
    "packed/tidings.tgz": "",
    "a/package.json": { dependencies: { tidings: "file:../packed/tidings.tgz" } },
  });
  expect(disk.range("a/node_modules/.pnpm/tidings@file+x/node_modules/tidings")).toBe("file:../../packed/tidings.tgz");
});

test("run from a checkout, or from a folder that is linked", () => {
  using disk = new Disk({ "checkout/package.json": {} });
  expect(disk.range("checkout")).toBe("file:../../checkout");
});

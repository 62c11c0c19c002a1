import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Sandbox } from "../../scripts/docs/sandbox.js";

test.each([
  ["of its own", false],
  ["of this computer", true],
])("with a network %s, no file can be written or deleted but in its folder", async (_, isConnected) => {
  await inPlace(async ({ folder, root, packages }) => {
    const sandbox = await Sandbox.open({ folder, root, packages, isConnected });
    const run = (command: string) =>
      spawnSync(sandbox.enter[0] ?? "", [...sandbox.enter.slice(1), "sh", "-c", command], { encoding: "utf8" });
    try {
      for (const file of [
        `${root}/package.json`,
        `${root}/new`,
        `${packages}/kept/index.js`,
        `${packages}/new`,
        "/usr/new",
      ]) {
        expect(run(`echo spoilt >> ${file}`), file).toMatchObject({
          status: 2,
          stderr: expect.stringContaining("Read-only"),
        });
      }
      for (const victim of [root, `${root}/node_modules`, packages, `${packages}/kept`]) {
        expect(run(`rm -rf ${victim}`).status, victim).not.toBe(0);
      }
      expect(run(`ls ${packages} && echo written > ${folder}/new && cat ${folder}/new`)).toMatchObject({
        stdout: "kept\nwritten\n",
      });
    } finally {
      await sandbox.close();
    }
    expect(readdirSync(root)).toEqual(["node_modules", "package.json"]);
    expect(readdirSync(join(root, "node_modules/kept"))).toEqual(["index.js"]);
  });
});

test("no process outside can be ended, and all that it started are ended with it", async () => {
  await inPlace(async ({ folder, root }) => {
    const outside = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
    const sandbox = await Sandbox.open({ folder, root, isConnected: false });
    const [program = "", ...args] = sandbox.enter;
    expect(spawnSync(program, [...args, "sh", "-c", `kill -9 ${outside.pid}`], { encoding: "utf8" })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("No such process"),
    });
    const inside = spawn(program, [...args, "sh", "-c", "setsid cat /dev/zero > /dev/null & echo started; cat"], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    await once(inside.stdout, "data");
    await Promise.all([once(inside, "close"), sandbox.close()]);
    outside.stdin.end();
    expect(await once(outside, "close")).toEqual([0, null]);
  });
});

test("its loopback has nobody else on it", async () => {
  await inPlace(async ({ folder, root }) => {
    const sandbox = await Sandbox.open({ folder, root, isConnected: false });
    try {
      const links = execFileSync(sandbox.enter[0] ?? "", [...sandbox.enter.slice(1), "ip", "-o", "link"], {
        encoding: "utf8",
      });
      expect(links).toMatch(/^1: lo: <LOOPBACK,UP,LOWER_UP>.*\n$/);
    } finally {
      await sandbox.close();
    }
  });
});

/** A folder for it, beside something that stands for the repository, in which there is one package. */
async function inPlace(use: (place: Record<"folder" | "root" | "packages", string>) => Promise<void>): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), "tidings-sandbox-test-"));
  const [folder, root] = [join(place, "folder"), join(place, "root")];
  const packages = join(folder, "repository/node_modules");
  for (const each of [packages, join(root, "node_modules/kept")]) mkdirSync(each, { recursive: true });
  for (const file of ["package.json", "node_modules/kept/index.js"]) writeFileSync(join(root, file), "{}");
  try {
    await use({ folder, root, packages });
    expect(existsSync(join(root, "package.json"))).toBe(true);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

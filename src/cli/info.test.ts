import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../../test/support/command-run.js";
import { packageVersion } from "./package.js";

let project = "";
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "tidings-info-"));
  mkdirSync(join(project, "app"));
  writeFileSync(join(project, "pnpm-lock.yaml"), "");
  mkdirSync(join(project, "with-env"));
  writeFileSync(join(project, "with-env", ".env"), "TIDINGS_REDIS_URL=redis://ana:hush@elsewhere\n");
  for (const [name, json] of [
    ["redis", '{"version":"6.1.2"}'],
    ["@opentelemetry/api", '{"version":"1.9.1"}'],
    ["zod", "no json"],
  ] as const) {
    mkdirSync(join(project, "node_modules", name), { recursive: true });
    writeFileSync(join(project, "node_modules", name, "package.json"), json);
  }
});
afterAll(() => rmSync(project, { recursive: true }));

test("it tells what a bug report needs, of the project that a folder belongs to", async () => {
  const { code, stdout } = await runCommand(["info", "--cwd", join(project, "app"), "--json"]);
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    {
      tidings: packageVersion,
      runtime: { node: process.versions.node },
      system: expect.stringContaining(process.arch),
      cpus: expect.any(Number),
      memory: expect.stringMatching(/^\d+ GiB$/),
      packageManager: "pnpm",
      packages: { "@opentelemetry/api": "1.9.1", redis: "6.1.2" },
      environment: [],
    },
  ]);
});

test("of the environment it tells names, and no value: one may be a secret", async () => {
  const env = { TIDINGS_JWT_SECRET: "hush", TIDINGS_PORT: "", TIDINGS_HOST: "elsewhere", HOME: "/home/ana" };
  const { stdout } = await runCommand(["info", "--cwd", project], { env });
  expect(stdout).toMatch(/^environment +TIDINGS_HOST, TIDINGS_JWT_SECRET$/m);
  const { stdout: withFile } = await runCommand(["info", "--cwd", join(project, "with-env")], { env });
  expect(withFile).toMatch(/^environment +TIDINGS_HOST, TIDINGS_JWT_SECRET, TIDINGS_REDIS_URL$/m);
  expect(stdout + withFile).not.toMatch(/hush|elsewhere|home/);
});

test("people read it line by line", async () => {
  const { stdout } = await runCommand(["info", "--cwd", project]);
  expect(stdout).toMatch(/^packages {8}@opentelemetry\/api 1\.9\.1, redis 6\.1\.2$/m);
  expect(stdout).toMatch(/^environment {5}none$/m);
});

test("a folder that is not there is misuse", async () => {
  for (const folder of ["nowhere", "pnpm-lock.yaml"]) {
    const { code, stderr } = await runCommand(["info", "--cwd", join(project, folder), "--json"]);
    expect([code, JSON.parse(stderr)]).toEqual([
      2,
      {
        error: {
          code: "no_such_folder",
          message: `There is no folder ${join(project, folder)}.`,
          fix: "Name the folder of a project, or leave --cwd out where you are in it.",
          docs: "node_modules/tidings/docs/reference/errors.md#no_such_folder",
        },
      },
    ]);
  }
});

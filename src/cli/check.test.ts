import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand } from "../../test/support/command-run.js";
import { secret } from "../../test/support/tokens.js";

/** What it says of a file of this text. */
async function check(name: string, text: string, env: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "tidings-check-"));
  try {
    const file = join(folder, name);
    writeFileSync(file, text);
    const { code, stdout, stderr } = await runCommand(["check", file, "--json"], { env });
    const findings = stdout === "" ? [] : (JSON.parse(stdout) as { findings: Record<string, string>[] }).findings;
    return { code, findings, codes: findings.map((each) => `${each.severity} ${each.code}`), stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const config = (given: object) => JSON.stringify({ channels: { "chat/:room": { subscribe: "users" } }, ...given });

test("a configuration that is right and safe ends with 0, and nothing is found", async () => {
  expect(await check("t.json", config({}), { TIDINGS_JWT_SECRET: secret })).toMatchObject({ code: 0, codes: [] });
});

test("what is only advised ends with 0 too", async () => {
  expect(await check("t.json", config({ jwt: { secret } }))).toMatchObject({
    code: 0,
    codes: ["advice secret_in_file"],
  });
});

test("what is unsafe ends with 1, and each finding says where it is and what to do", async () => {
  const given = config({ host: "0.0.0.0", http: { api: { keys: ["0123456789abcdef"] } } });
  const { code, findings } = await check("t.json", given, { TIDINGS_JWT_SECRET: "short" });
  expect(code).toBe(1);
  expect(findings).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        code: "api_without_tls",
        severity: "unsafe",
        path: "http.api",
        fix: expect.any(String),
      }),
      expect.objectContaining({ code: "weak_secret", severity: "unsafe" }),
      expect.objectContaining({ code: "token_without_tls", severity: "unsafe" }),
    ]),
  );
  expect(JSON.stringify(findings)).not.toMatch(/short"|0123456789abcdef/);
});

test("all that can't be is told at once, each with its place", async () => {
  const { code, findings } = await check("t.json", '{"chanels":{},"port":"x","jwt":{"secrt":"x"}}');
  expect(code).toBe(1);
  expect(findings.map(({ severity, code: of, path, fix }) => [severity, of, path, fix])).toEqual([
    ["error", "unknown_option", "chanels", "Did you mean channels?"],
    ["error", "unknown_option", "jwt.secrt", "Did you mean secret?"],
    ["error", "invalid_option", "port", expect.stringContaining("a port")],
  ]);
});

test("what would keep it from starting is an error, though each option can be", async () => {
  expect(await check("t.json", config({}))).toMatchObject({ code: 1, codes: ["error missing_users"] });
  expect(await check("t.json", config({ jwt: { secret }, workers: 2 }))).toMatchObject({
    code: 1,
    codes: expect.arrayContaining(["error workers_without_redis"]),
  });
});

test("a variable that means nothing is told once", async () => {
  const env = { TIDINGS_JWT_SECRET: secret, TIDINGS_JWT_SECRT: "x" };
  const { findings } = await check("t.json", config({}), env);
  expect(findings).toEqual([
    expect.objectContaining({
      code: "unknown_variable",
      path: "TIDINGS_JWT_SECRT",
      fix: "Did you mean TIDINGS_JWT_SECRET?",
    }),
  ]);
});

test("what can't be read at all ends with 2", async () => {
  expect(await check("t.json", "{")).toMatchObject({ code: 2, stderr: expect.stringContaining("config_unreadable") });
  expect((await runCommand(["check", "nowhere.json"])).code).toBe(2);
  expect((await runCommand(["check"], { env: { TIDINGS_PORT: "http" } })).code).toBe(2);
});

test("what was looked at is told, and how an app of one's own is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tidings-check-"));
  const from = process.cwd();
  process.chdir(folder);
  try {
    const env = { TIDINGS_JWT_SECRET: secret, TIDINGS_CHANNELS: '{"chat/:room":{"subscribe":"users"}}' };
    const { code, stdout } = await runCommand(["check"], { env });
    expect([code, stdout]).toEqual([
      0,
      `Nothing was found in the environment and .env that should not be left so.
There is no tidings.config.json here: this is what tidings serve would go by. An app of your own: tidings check app.ts\n`,
    ]);
    expect((await runCommand(["check"], { env: { TIDINGS_JWT_SECRET: "short" } })).stdout).toContain(
      "There is no tidings",
    );
    writeFileSync("tidings.config.json", config({}));
    expect((await runCommand(["check"], { env })).stdout).toBe(
      "Nothing was found in tidings.config.json, the environment and .env that should not be left so.\n",
    );
    expect(JSON.parse((await runCommand(["check", "--json"], { env })).stdout).file).toBe("tidings.config.json");
    writeFileSync(
      "app.mjs",
      'export const app = { listen() {}, attach() {}, publish() {}, "~host"() {}, "~warnings": () => [] };',
    );
    expect((await runCommand(["check", "app.mjs"], { env })).stdout).toBe(
      "Nothing was found in app.mjs that should not be left so.\n",
    );
  } finally {
    process.chdir(from);
    rmSync(folder, { recursive: true });
  }
});

test("people read each finding with what it means and what to do", async () => {
  const env = { TIDINGS_JWT_SECRET: "short", TIDINGS_CHANNELS: "chat/:room" };
  const { stdout } = await runCommand(["check"], { env });
  expect(stdout).toMatch(/^unsafe {2}weak_secret\n {8}.*needs.*\n {8}Make a new one with openssl/m);
});

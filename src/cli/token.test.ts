import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeProtectedHeader, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../../test/support/command-run.js";

const secret = "for tests only: forty characters or more";
const key = new TextEncoder().encode(secret);
const env = { TIDINGS_JWT_SECRET: secret };

let folder = "";
const file = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tidings-token-"));
  writeFileSync(file("empty.env"), "");
  writeFileSync(file("with.env"), `# the app's\nTIDINGS_JWT_SECRET="${secret}"\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is in the token that was printed, once its signature is found good. */
async function claimsOf(run: ReturnType<typeof runCommand>, by: Parameters<typeof jwtVerify>[1] = key) {
  const { code, stdout } = await run;
  expect(code).toBe(0);
  return (await jwtVerify(stdout.trim(), by)).payload;
}

test("a token is the user's, for an hour, and can be revoked by its id", async () => {
  const claims = await claimsOf(runCommand(["token", "alice"], { env }));
  const { iat = 0 } = claims;
  expect(claims).toEqual({ sub: "alice", iat, exp: iat + 3_600, jti: expect.any(String) });
});

test("--json prints it as one, to read with jq", async () => {
  const { stdout } = await runCommand(["token", "alice", "--json"], { env });
  expect(JSON.parse(stdout)).toEqual({ token: expect.stringMatching(/^ey[\w-]+\.ey[\w-]+\.[\w-]+$/) });
});

test("claims are added, and say themselves when it expires, but never whose it is", async () => {
  const given = JSON.stringify({ name: "Ana", exp: 4_102_444_800, sub: "mallory", jti: "t1", iat: 1 });
  const claims = await claimsOf(runCommand(["token", "alice", "--claims", given], { env }));
  expect(claims).toEqual({ sub: "alice", name: "Ana", exp: 4_102_444_800, iat: 1, jti: "t1" });
});

test("the issuer and the audience are what the server's environment asks for", async () => {
  const asked = { ...env, TIDINGS_JWT_ISSUER: "https://login.example", TIDINGS_JWT_AUDIENCE: "chat" };
  expect(await claimsOf(runCommand(["token", "alice"], { env: asked }))).toMatchObject({
    iss: "https://login.example",
    aud: "chat",
  });
});

test("it may expire in a second, or never", async () => {
  const { iat = 0, exp } = await claimsOf(runCommand(["token", "alice", "--expires", "1s"], { env }));
  expect(exp).toBe(iat + 1);
  expect(await claimsOf(runCommand(["token", "alice", "--expires", "never"], { env }))).not.toHaveProperty("exp");
});

test("the secret comes from --secret, from the environment, or from a file, in this order", async () => {
  const fromFile = ["token", "alice", "--env", file("with.env")];
  await claimsOf(runCommand(fromFile));
  const other = "another secret, of forty characters or more";
  await claimsOf(runCommand(fromFile, { env: { TIDINGS_JWT_SECRET: other } }), new TextEncoder().encode(other));
  await claimsOf(runCommand([...fromFile, "--secret", secret], { env: { TIDINGS_JWT_SECRET: other } }));
});

test.each([
  ["ed25519", "EdDSA"],
  ["rsa", "RS256"],
  ["ec", "ES256"],
] as const)("with a private key (%s) it is signed by %s, for who has the public one", async (kind, algorithm) => {
  const { privateKey, publicKey } =
    kind === "ed25519"
      ? generateKeyPairSync("ed25519")
      : kind === "rsa"
        ? generateKeyPairSync("rsa", { modulusLength: 2_048 })
        : generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  writeFileSync(file(`${kind}.pem`), privateKey.export({ type: "pkcs8", format: "pem" }));
  const run = runCommand(["token", "alice", "--key", file(`${kind}.pem`)]);
  expect((await claimsOf(run, publicKey)).sub).toBe("alice");
  expect(decodeProtectedHeader((await run).stdout.trim()).alg).toBe(algorithm);
});

test.each([
  [["--env", "empty.env"], "missing_secret", "TIDINGS_JWT_SECRET=$(openssl rand -base64 32)"],
  [["--env", "none.env"], "unreadable_env_file", "TIDINGS_PORT=8000"],
  [["--secret", secret, "--claims", "[1]"], "invalid_claims", "--claims '{"],
  [["--secret", secret, "--claims", "{name}"], "invalid_claims", "--claims '{"],
  [["--secret", secret, "--expires", "soon"], "invalid_duration", '"30s"'],
  [["--secret", secret, "--alg", "none"], "invalid_algorithms", "HS256, HS384, HS512"],
  [["--key", "none.pem"], "invalid_key", "openssl genpkey"],
  [["--key", "with.env"], "invalid_key", "openssl genpkey"],
])("%j is misuse, told with the way out", async (args, code, fix) => {
  const given = args.map((each) => (/\.(env|pem)$/.test(each) ? file(each) : each));
  const ran = await runCommand(["token", "alice", ...given, "--json"]);
  const { error } = JSON.parse(ran.stderr);
  expect([ran.code, ran.stdout, error.code]).toEqual([2, "", code]);
  expect(error.fix).toContain(fix);
  expect(ran.stderr).not.toContain(secret);
});

test("a user has a name", async () => {
  expect(await runCommand(["token", ""], { env })).toMatchObject({ code: 2, stdout: "" });
});

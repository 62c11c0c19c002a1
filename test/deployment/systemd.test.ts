import { execFileSync, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { exitCodes } from "../../src/cli/exit-code.js";
import { freePort } from "../support/redis/free-port.js";
import { readRepositoryFile } from "../support/repository.js";
import { secret } from "../support/tokens.js";
import { withFolder } from "./folder.js";
import { neededToEndMs, unreadVariables, variablesIn } from "./settings.js";
import { runInstalled } from "./tidings-command.js";

const unit = readRepositoryFile("deploy/tidings.service");

/** It says nothing where all is well. Node is where it is on this computer. */
function verify(text: string): Promise<string> {
  return withFolder((_, write) => {
    const path = write("tidings.service", text.replace("/usr/bin/node", process.execPath));
    return spawnSync("systemd-analyze", ["verify", "--man=no", path], { encoding: "utf8" }).stderr;
  });
}

test("systemd takes no exception to the unit", async () => {
  expect(await verify(unit)).toBe("");
  expect(await verify(unit.replace("KillMode=mixed", "KillMode=gentle"))).toContain("kill mode");
});

test("it has the time to drain, is told alone, and is not started again where it was misused", () => {
  expect(Number(settingOf("TimeoutStopSec")) * 1_000).toBeGreaterThanOrEqual(neededToEndMs());
  expect(settingOf("KillSignal")).toBe("SIGTERM");
  expect(settingOf("KillMode")).toBe("mixed");
  expect(settingOf("RestartPreventExitStatus")).toBe(String(exitCodes.misused));
});

test("what it starts serves clients at one port, and at the other alone what is not theirs", async () => {
  expect(unreadVariables(variablesIn(unit))).toEqual([]);
  const env = {
    ...environment(),
    ...secrets,
    TIDINGS_PORT: `${await freePort()}`,
    TIDINGS_HTTP_PORT: `${await freePort()}`,
  };
  await withFolder(async (_, write) => {
    const config = write("tidings.config.json", readRepositoryFile("deploy/kubernetes/tidings.config.json"));
    const command = (settingOf("ExecStart") ?? "").replace("/etc/tidings/tidings.config.json", config).split(" ");
    await using served = runInstalled(command, { env });
    await served.line(/^Tidings listens at /);
    expect(served.said.join("\n")).toContain("news");
    const [outer, inner] = [await answersAt(env.TIDINGS_PORT), await answersAt(env.TIDINGS_HTTP_PORT)];
    expect(outer).toEqual({ "/readyz": 200, "/api/stats": 404, "/metrics": 404, "/dashboard": 404 });
    expect(inner).toEqual({ "/readyz": 200, "/api/stats": 401, "/metrics": 200, "/dashboard": 200 });
    expect(await served.stop("SIGTERM")).toBe(0);
  });
});

test("the unit shuts the server in: systemd finds it less exposed than 1.5 of 10", async () => {
  await withFolder((_, write) => {
    const path = write("tidings.service", unit);
    const args = ["security", "--offline=true", "--no-pager", "--threshold=15", path];
    expect(execFileSync("systemd-analyze", args, { encoding: "utf8" })).toContain("Overall exposure level");
  });
  // With it no JavaScript engine that compiles would start.
  expect(settingOf("MemoryDenyWriteExecute")).toBeUndefined();
});

/** What `EnvironmentFile` would hold. */
const secrets = { TIDINGS_JWT_SECRET: secret, TIDINGS_HTTP_API_KEYS: "forty-characters-that-only-a-backend-has" };

function environment(): Readonly<Record<string, string>> {
  const lines = [...unit.matchAll(/^Environment=(.*)$/gm)].flatMap(([, line = ""]) => line.split(" "));
  return Object.fromEntries(lines.map((pair) => pair.split("=") as [string, string]));
}

async function answersAt(port: string): Promise<Readonly<Record<string, number>>> {
  const paths = ["/readyz", "/api/stats", "/metrics", "/dashboard"];
  const ask = async (path: string) => [path, (await fetch(`http://127.0.0.1:${port}${path}`)).status] as const;
  return Object.fromEntries(await Promise.all(paths.map(ask)));
}

function settingOf(name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1];
}

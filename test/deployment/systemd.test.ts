import { execFileSync, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { exitCodes } from "../../src/cli/exit-code.js";
import { readRepositoryFile } from "../support/repository.js";
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

test("Tidings reads all that the unit sets, and has the options that it is started with", async () => {
  expect(unreadVariables(variablesIn(unit))).toEqual([]);
  const command = (settingOf("ExecStart") ?? "").split(" ");
  await using help = runInstalled([...command.slice(0, 3), "--help"], {});
  expect(await help.exit()).toBe(0);
  for (const option of command.filter((word) => word.startsWith("--"))) expect(help.said.join("\n")).toContain(option);
});

test("the unit shuts the server in: systemd finds it less exposed than 2 of 10", async () => {
  await withFolder((_, write) => {
    const path = write("tidings.service", unit);
    const args = ["security", "--offline=true", "--no-pager", "--threshold=20", path];
    expect(execFileSync("systemd-analyze", args, { encoding: "utf8" })).toContain("Overall exposure level");
  });
  // With it no JavaScript engine that compiles would start.
  expect(settingOf("MemoryDenyWriteExecute")).toBeUndefined();
});

function settingOf(name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1];
}

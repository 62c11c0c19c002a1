// Before the tests: what they need of the system is there, is installed (Debian, as root), or is named in one line.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";

const needed = [{ debianPackage: "chromium", program: "/usr/bin/chromium", what: "Chromium, for the browser tests" }];

const missing = needed.filter(({ program }) => !existsSync(program));
if (missing.length > 0) install(missing);

function install(packages) {
  const names = packages.map(({ debianPackage }) => debianPackage);
  const isDebian = existsSync("/etc/debian_version");
  if (!isDebian || process.getuid?.() !== 0) {
    stop(
      `The tests need ${packages.map(({ what, program }) => `${what} (${program})`).join(" and ")}: install ${names.join(" ")}.`,
    );
  }
  console.log(`Installing from Debian: ${names.join(" ")} (missing, and the tests need it)`);
  const policy = "/usr/sbin/policy-rc.d";
  const isOurs = !existsSync(policy);
  // A package that brings a server would start it at once; 101 is "not allowed".
  if (isOurs) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    run("apt-get", ["update", "-qq"]);
    run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...names]);
  } finally {
    if (isOurs) rmSync(policy);
  }
  const still = packages.filter(({ program }) => !existsSync(program));
  if (still.length > 0)
    stop(`${still.map(({ program }) => program).join(" and ")} is still missing after the installation.`);
}

function run(command, args) {
  const { status } = spawnSync(command, args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}.`);
}

function stop(line) {
  console.error(line);
  process.exit(1);
}

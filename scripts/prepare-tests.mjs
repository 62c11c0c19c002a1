// Before the tests: the pages are built, and the programs they need are there, or get installed (on Debian, as root), or are
// named in one line. With `--more` also those of `npm run test:more`.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { buildPages } from "../ui/build.mjs";

const needed = [
  { program: "/usr/bin/chromium", debianPackage: "chromium", use: "the browser tests" },
  { program: "/usr/bin/python3", debianPackage: "python3", use: "the console's Python snippets" },
  { program: "/usr/bin/redis-server", debianPackage: "redis-server", use: "the Redis tests" },
];
const neededForMore = [
  { program: "/usr/bin/jq", debianPackage: "jq", use: "the documents' commands" },
  { program: "/usr/bin/ip", debianPackage: "iproute2", use: "a project and documents without a network" },
  { program: "/usr/bin/openssl", debianPackage: "openssl", use: "the example of a certificate" },
  { program: "/usr/bin/systemd-analyze", debianPackage: "systemd", use: "the check of deploy/tidings.service" },
  {
    program: "/usr/lib/python3/dist-packages/fastapi",
    debianPackage: "python3-fastapi",
    use: "the example in examples/fastapi",
  },
  {
    program: "/usr/lib/python3/dist-packages/uvicorn",
    debianPackage: "python3-uvicorn",
    use: "the same",
  },
];

const wantedPrograms = process.argv.includes("--more") ? [...needed, ...neededForMore] : needed;
const missing = wantedPrograms.filter(({ program }) => !existsSync(program));
if (missing.length > 0) provide(missing);
await buildPages();

function provide(programs) {
  const packages = programs.map(({ debianPackage }) => debianPackage);
  const wanted = programs.map(({ program, use }) => `${program} (for ${use})`).join(" and ");
  if (!isDebian() || process.getuid?.() !== 0) {
    stop(`Missing: ${wanted}. On Debian: apt-get install --no-install-recommends ${packages.join(" ")}`);
  }
  console.log(`Missing: ${wanted}. Installing Debian's ${packages.join(" and ")}.`);
  if (!install(packages)) stop(`apt-get could not install ${packages.join(" ")}: what it said is above.`);
  const absent = programs.filter(({ program }) => !existsSync(program)).map(({ program }) => program);
  if (absent.length > 0) stop(`Installed ${packages.join(" ")}, but there still is no ${absent.join(" and no ")}.`);
}

function isDebian() {
  return existsSync("/etc/os-release") && /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"));
}

/** Whether it went well. */
function install(packages) {
  // A package that has a daemon would start it at once; what this file ends with means "not allowed".
  const policy = "/usr/sbin/policy-rc.d";
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return (
      run("apt-get", "-qq", "update") && run("apt-get", "-qq", "install", "-y", "--no-install-recommends", ...packages)
    );
  } finally {
    if (isOurs) rmSync(policy);
  }
}

function run(command, ...args) {
  const { status } = spawnSync(command, args, {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return status === 0;
}

function stop(line) {
  console.error(line);
  process.exit(1);
}

#!/usr/bin/env node
// The command `tidings`. What it needs is loaded after the look at Node's version: an older one could not read it.
if (isOlder(process.versions.node.split(".").map(Number))) {
  process.stderr.write(
    `tidings needs Node 20.19 or newer, and this is ${process.versions.node}. Install a newer one, such as the LTS of https://nodejs.org.\n`,
  );
  process.exitCode = 2;
} else {
  // Who read it has had enough, as `| head` does after ten lines.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit(0);
    });
  }
  const { runProgram } = await import("./program.js");
  const code = await runProgram(process.argv.slice(2), process);
  // What a module of the user's has left open would keep this process alive; what was said is written by then.
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}

function isOlder([major = 0, minor = 0]: readonly number[]): boolean {
  return major < 20 || (major === 20 && minor < 19);
}

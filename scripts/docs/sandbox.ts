import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface SandboxOptions {
  /** All that can be written to, beside npm's cache. */
  readonly folder: string;
  /** The repository, which certainly can't be. */
  readonly root: string;
  /** An empty folder in which there shall be the repository's packages. */
  readonly packages?: string | undefined;
  /** Whether the network is this computer's, and not a loopback that nobody else is on. */
  readonly isConnected: boolean;
}

/**
 * A place for commands that came out of a text: in namespaces of their own, where the repository is read-only, as is the whole
 * file system but for one folder, no other process can be seen or ended, and every port is free. It is gone with this process, and all that runs in it, also where
 * that is killed.
 */
export class Sandbox {
  /** What a command is started through. */
  readonly enter: readonly string[];
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess, isConnected: boolean) {
    this.#holder = holder;
    const namespaces = ["--user", "--mount", ...(isConnected ? [] : ["--net"])];
    // `unshare` itself is not among the processes that it has put apart.
    const processes = `--pid=/proc/${holder.pid}/ns/pid_for_children`;
    this.enter = ["nsenter", "--target", String(holder.pid), ...namespaces, processes, "--preserve-credentials"];
  }

  /** Rejects where there is none to be had: then nothing may be run. */
  static async open({ folder, root, packages = "", isConnected }: SandboxOptions): Promise<Sandbox> {
    const cache = join(homedir(), ".npm");
    mkdirSync(cache, { recursive: true });
    const apart = [isConnected ? "-rmp" : "-rnmp", "--fork", "--kill-child"];
    const args = [...apart, "sh", "-ec", SCRIPT, "sh", folder, cache, root, packages];
    // It ends with its stdin.
    const holder = spawn("unshare", args, { stdio: ["pipe", "pipe", "pipe"] });
    const closed = once(holder, "close").then(() => "");
    let complaint = "";
    holder.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
    const said = await Promise.race([once(holder.stdout, "data").then(String), closed]);
    if (said !== "closed\n")
      throw new Error(`Commands are run in a sandbox alone, and there is none: ${complaint || said}`);
    return new Sandbox(holder, isConnected);
  }

  async close(): Promise<void> {
    const closed = once(this.#holder, "close");
    this.#holder.stdin?.end();
    await closed;
  }
}

/** Says so only when it has seen that nothing can be written to the repository. */
const SCRIPT = `
ip link set lo up 2> /dev/null || true
mount -t proc proc /proc 2> /dev/null || true
mount --bind "$1" "$1"
mount --bind "$2" "$2"
mount --bind "$3" "$3"
mount -o remount,bind,ro "$3"
if [ -n "$4" ]; then
  mount --bind "$3/node_modules" "$4"
  mount -o remount,bind,ro "$4"
fi
mount -o remount,bind,ro /
for place in "$3" "$3/node_modules" \${4:+"$4"}; do
  if mkdir "$place/.written" 2> /dev/null; then rmdir "$place/.written"; echo "$place can be written to"; exit 1; fi
done
echo closed
exec cat
`;

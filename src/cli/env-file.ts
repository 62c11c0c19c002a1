import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { ConfigError } from "../index.js";
import type { Streams } from "./terminal.js";

/**
 * The environment, and behind it what a file says: one that was named, or the `.env` of this folder where there is one.
 *
 * @throws {ConfigError} `unreadable_env_file`
 */
export function withEnvFile(env: Streams["env"], named?: string): Streams["env"] {
  const file = named ?? ".env";
  try {
    return { ...parseEnv(readFileSync(file, "utf8")), ...env };
  } catch (cause) {
    if (named === undefined && (cause as NodeJS.ErrnoException).code === "ENOENT") return env; // which node:fs throws
    throw new ConfigError("unreadable_env_file", {
      message: `The file ${file} can't be read: ${(cause as Error).message}.`, // likewise
      fix: "Name a file of lines like TIDINGS_PORT=8000, or leave the option out.",
      cause,
    });
  }
}

import { readFileSync } from "node:fs";
import { ConfigError } from "../../base/config-error.js";
import { describeGiven } from "../../base/quantity.js";
import { readClaims } from "../claims.js";
import { withEnvFile } from "../env-file.js";
import { signedToken } from "../signed-token.js";
import type { Streams } from "../terminal.js";

/** Who the connections are: one way of saying it. */
export interface TokenOptions {
  readonly token?: string | undefined;
  /** A file of them. */
  readonly tokens?: string | undefined;
  /** A user, or, with `{n}` in it, as many as there are connections. */
  readonly as?: string | undefined;
  /** Of the tokens of `as`. */
  readonly claims?: string | undefined;
}

/**
 * Tokens that the connections take in turns; none for nobody.
 *
 * @throws {ConfigError} where they can't be read or signed, or two options can't be together
 */
export async function readTokens(
  options: TokenOptions,
  connections: number,
  env: Streams["env"],
): Promise<readonly string[]> {
  checkTogether(options);
  const { token, tokens: file, as } = options;
  if (as !== undefined) return signTokens(as, options.claims, connections, env);
  if (file === undefined) return [token ?? env.TIDINGS_TOKEN].filter((each) => each !== undefined);
  return readFile(file);
}

function checkTogether({ token, tokens, as, claims }: TokenOptions): void {
  const given = Object.entries({ "--token": token, "--tokens": tokens, "--as": as }).filter(([, text]) => text);
  if (given.length > 1) {
    throw unfit(given.map(([name]) => name).join(" and "), "Each says who the connections are: give one of them.");
  }
  if (claims !== undefined && as === undefined) throw unfit("--claims without --as", "Say whose they are: --as alice.");
}

function signTokens(
  as: string,
  json: string | undefined,
  connections: number,
  env: Streams["env"],
): Promise<readonly string[]> {
  const claims = readClaims(json);
  const behind = withEnvFile(env);
  const count = as.includes("{n}") ? connections : 1;
  const users = Array.from({ length: count }, (_, index) => as.replaceAll("{n}", String(index + 1)));
  return Promise.all(users.map((user) => signedToken(user, { claims }, behind)));
}

function readFile(file: string): readonly string[] {
  const lines = readLines(file).filter((line) => line !== "");
  if (lines.length > 0) return lines;
  throw new ConfigError("invalid_option", {
    message: `--tokens is ${describeGiven(file)}.`,
    fix: "Name a file with a token in each line.",
  });
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .map((line) => line.trim());
  } catch (cause) {
    throw new ConfigError("unreadable_file", {
      message: `--tokens names ${describeGiven(file)}, which can't be read.`,
      fix: "Name a file with a token in each line.",
      cause,
    });
  }
}

function unfit(what: string, fix: string): ConfigError {
  return new ConfigError("unfit_options", { message: `${what} can't be.`, fix });
}

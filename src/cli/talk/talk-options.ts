import type { Command } from "commander";
import { durationMs } from "../../base/duration.js";
import { ConfigError, type Duration } from "../../index.js";
import { readClaims } from "../claims.js";
import { withEnvFile } from "../env-file.js";
import { readHeader } from "../header-line.js";
import { signedToken } from "../signed-token.js";
import type { Terminal } from "../terminal.js";

/** What all commands that talk to an endpoint can be told. */
export interface TalkOptions {
  readonly token?: string;
  readonly as?: string;
  readonly claims?: string;
  readonly header?: readonly string[];
  readonly raw?: boolean;
  readonly timeout: string;
}

export function addTalkOptions(command: Command): Command {
  return addLineOptions(command).option(
    "--raw",
    "to any WebSocket server: frames as they are, and no subprotocol of ours",
  );
}

/** For a command that speaks of channels, which raw frames have not. */
export function addLineOptions(command: Command): Command {
  return command
    .option("--token <token>", "who you are; by default what TIDINGS_TOKEN holds")
    .option("--as <user>", "who you are: with a token such as `tidings token <user>` makes")
    .option("--claims <json>", "with --as: more claims of that token, as a JSON object")
    .option(
      "--header <line>",
      "a header of the handshake, such as 'Origin: https://app.example'; may be repeated",
      collect,
    )
    .option("--timeout <duration>", "how long coming in, and an answer, may take", "10s");
}

/** Of an option that may be repeated. Commander has its own, which would take the arguments that follow for more of it. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** How to dial. */
export interface Talk {
  readonly token: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  readonly timeoutMs: number;
}

/** @throws {ConfigError} `ambiguous_token`, `missing_secret`, `invalid_header`, `invalid_duration` */
export async function readTalk({ env }: Terminal, options: TalkOptions): Promise<Talk> {
  const timeout = options.timeout as Duration; // which the next line looks at
  return {
    token: await tokenFor(env, options),
    headers: Object.fromEntries((options.header ?? []).map(readHeader)),
    timeout,
    timeoutMs: durationMs(timeout, "--timeout"),
  };
}

async function tokenFor(env: Terminal["env"], { token, as, claims, raw }: TalkOptions): Promise<string | undefined> {
  if (token !== undefined && as !== undefined) {
    throw new ConfigError("ambiguous_token", {
      message: "There are --token and --as.",
      fix: "Give one of them: a token says itself who it is of.",
    });
  }
  if (as === undefined && claims !== undefined) {
    throw new ConfigError("ambiguous_token", {
      message: "There is --claims, and no --as whose claims they would be.",
      fix: "Say who it is: --as alice. A --token has its own claims.",
    });
  }
  if (as !== undefined) return signedToken(as, { claims: readClaims(claims) }, withEnvFile(env));
  // To a server of whoever it may be goes no token that was not named for it.
  return token ?? ((!raw && env.TIDINGS_TOKEN) || undefined);
}

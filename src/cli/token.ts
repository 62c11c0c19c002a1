import { ConfigError, type Duration } from "../index.js";
import { readClaims } from "./claims.js";
import type { CommandShape } from "./command.js";
import { withEnvFile } from "./env-file.js";
import { exitCodes } from "./exit-code.js";
import { signedToken } from "./signed-token.js";

interface TokenCommandOptions {
  readonly claims?: string;
  readonly expires: string;
  readonly secret?: string;
  readonly key?: string;
  readonly alg?: string;
  readonly env?: string;
}

/** A token for trying. It is for development: who has the secret is whoever they say they are. */
export const tokenCommand: CommandShape<TokenCommandOptions> = {
  usage: "token <user>",
  summary: "make a JWT for trying, signed with the server's secret",
  examples: [
    ["tidings token alice", "for the user alice, for an hour"],
    ['tidings token alice --claims \'{"name":"Ana"}\'', "with what else the app asks for"],
    ["tidings token alice --expires 5s", "to see what happens when it expires"],
    ["tidings token alice --key private.pem", "signed with a private key"],
  ],
  options: (command) =>
    command
      .option("--claims <json>", "more claims, as a JSON object")
      .option("--expires <duration>", "when it expires: 30s, 1h, 7d, or never", "1h")
      .option("--secret <text>", "by default what TIDINGS_JWT_SECRET holds, in the environment or in .env")
      .option("--key <file>", "a private key (PEM) in the place of a secret")
      .option("--alg <name>", "HS256 with a secret; with a key the first that goes with it")
      .option("--env <file>", "in the place of .env"),
  async run({ terminal, args: [user = ""], options }) {
    if (user === "") {
      throw new ConfigError("invalid_user", { message: "The user's name is empty.", fix: "Say whose token it is." });
    }
    const env = withEnvFile(terminal.env, options.env);
    const token = await signedToken(
      user,
      {
        claims: readClaims(options.claims),
        expires: options.expires as Duration | "never", // which is looked at where it is used
        algorithm: options.alg,
        secret: options.secret,
        keyFile: options.key,
      },
      env,
    );
    terminal.result({ token }, token);
    return exitCodes.done;
  },
};

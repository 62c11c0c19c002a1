import { Command, CommanderError } from "commander";
import { asyncApiCommand } from "./asyncapi.js";
import { benchCommand } from "./bench.js";
import { checkCommand } from "./check.js";
import { type CommandShape, tellError } from "./command.js";
import { createCommand } from "./create.js";
import { devCommand } from "./dev.js";
import { type ExitCode, exitCodes } from "./exit-code.js";
import { infoCommand } from "./info.js";
import { listenCommand } from "./listen.js";
import { packageVersion } from "./package.js";
import { publishCommand } from "./publish.js";
import { requestCommand } from "./request.js";
import { sendCommand } from "./send.js";
import { serveCommand } from "./serve.js";
import { type Streams, Terminal } from "./terminal.js";
import { tokenCommand } from "./token.js";

/** In the order in which the help lists them. */
export const COMMANDS: readonly CommandShape<never>[] = [
  createCommand,
  devCommand,
  serveCommand,
  checkCommand,
  tokenCommand,
  listenCommand,
  sendCommand,
  requestCommand,
  publishCommand,
  asyncApiCommand,
  benchCommand,
  infoCommand,
];

/** Does what it is called for. Never rejects. */
export async function runProgram(args: readonly string[], streams: Streams): Promise<ExitCode> {
  let ended: ExitCode = exitCodes.done;
  const program = new Command("tidings")
    .description("Typed WebSocket endpoints: projects, servers and tools.")
    .version(packageVersion)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void streams.stdout.write(text),
      writeErr: (text) => void streams.stderr.write(text),
      // It is told below, to programs too.
      outputError: () => {},
    });
  for (const shape of COMMANDS) {
    addCommand(program, shape, streams, (code) => {
      ended = code;
    });
  }
  program.addHelpText("after", "\nExit codes: 0 done, 1 it did not succeed, 2 it could not be tried.");
  try {
    await program.parseAsync([...args], { from: "user" });
    return ended;
  } catch (error) {
    const terminal = new Terminal(streams, { isJson: args.includes("--json") });
    return error instanceof CommanderError ? tellMisuse(terminal, error, args) : tellError(terminal, error);
  }
}

/** Help and the version come this way too. */
function tellMisuse(
  terminal: Terminal,
  { code, exitCode, message }: CommanderError,
  args: readonly string[],
): ExitCode {
  if (exitCode === 0) return exitCodes.done;
  // Called for nothing at all it has shown its help.
  if (code === "commander.help") return exitCodes.misused;
  const [what = "", advice] = message.replace(/^error: /, "").split("\n");
  const name = COMMANDS.map(nameOf).find((each) => args.includes(each));
  terminal.error({
    code: code.replace("commander.", "").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    message: `${what.charAt(0).toUpperCase()}${what.slice(1).replace(/\.$/, "")}.`,
    fix: advice?.replace(/^\((.*)\)$/, "$1") ?? `See tidings ${name === undefined ? "" : `${name} `}--help.`,
  });
  return exitCodes.misused;
}

function nameOf({ usage }: CommandShape<never>): string {
  return usage.split(" ", 1).join();
}

function addCommand(
  program: Command,
  shape: CommandShape<never>,
  streams: Streams,
  ended: (code: ExitCode) => void,
): void {
  const command = program.command(shape.usage).description(shape.summary).exitOverride();
  shape.options?.(command);
  command.option("--json", "one line of JSON for programs in the place of text");
  const width = Math.max(...shape.examples.map(([line]) => line.length));
  const examples = shape.examples.map(([line, meaning]) => `  ${line.padEnd(width)}  ${meaning}`);
  command.addHelpText("after", `\nExamples:\n${examples.join("\n")}`);
  command.action(async () => {
    const options = command.opts();
    const terminal = new Terminal(streams, { isJson: options.json === true });
    const args = command.processedArgs as readonly (string | undefined)[]; // no argument has a parser of its own
    try {
      ended(await shape.run({ terminal, args, options: options as never })); // what its options() has declared
    } catch (error) {
      ended(tellError(terminal, error));
    }
  });
}

import { ConfigError } from "../index.js";
import type { Call, CommandShape } from "./command.js";
import { type ExitCode, exitCodes } from "./exit-code.js";
import { Interrupt } from "./interrupt.js";
import { readAddress } from "./talk/address.js";
import { Caller } from "./talk/caller.js";
import { EventWatch } from "./talk/event-watch.js";
import { RawLine } from "./talk/raw-line.js";
import { RawWatch } from "./talk/raw-watch.js";
import { addTalkOptions, collect, readTalk, type TalkOptions } from "./talk/talk-options.js";

interface ListenCommandOptions extends TalkOptions {
  readonly subscribe?: readonly string[];
  readonly rewind?: string;
  readonly count?: string;
  readonly wait?: boolean;
  readonly text?: boolean;
}

/** Prints what an endpoint says, until Ctrl-C. */
export const listenCommand: CommandShape<ListenCommandOptions> = {
  usage: "listen <url>",
  summary: "print what an endpoint says, until Ctrl-C",
  examples: [
    ["tidings listen ws://127.0.0.1:8000/ws/rooms/lobby --as alice", "what alice hears there"],
    ["tidings listen /ws --subscribe prices/BTC", "on a channel, at TIDINGS_PORT of this computer, else 8000"],
    [
      "tidings listen /ws --subscribe chat/a --rewind 20 --count 20",
      "ends after 20 events; where fewer are kept it waits for more",
    ],
    ["tidings listen /ws --subscribe chat/a | jq .payload", "elsewhere than in a terminal, lines of JSON"],
    ["tidings listen wss://echo.example --raw", "any WebSocket server, frame by frame"],
  ],
  options: (command) =>
    addTalkOptions(command)
      .option(
        "--subscribe <channel>",
        "a channel to be on, beside those that the server joins; may be repeated",
        collect,
      )
      .option("--rewind <number>", "how many of the newest events that are kept come first")
      .option("--count <number>", "end after so many events")
      .option("--wait", "where there is no server yet, dial until there is")
      .option("--text", "lines for people, also where stdout is no terminal"),
  async run(call) {
    const { options } = call;
    if (options.raw) return await listenRaw(call);
    const address = readAddress(call.args[0] ?? "", call.terminal.env);
    await using caller = new Caller(address, await readTalk(call.terminal, options));
    using interrupt = new Interrupt();
    using watch = new EventWatch(call.terminal, caller, {
      channels: options.subscribe ?? [],
      rewind: countOf("--rewind", options.rewind),
      count: countOf("--count", options.count),
      isPatient: options.wait === true,
      isText: options.text === true,
    });
    await Promise.race([watch.over, interrupt.came]);
    return exitCodes.done;
  },
};

async function listenRaw({ terminal, args, options }: Call<ListenCommandOptions>): Promise<ExitCode> {
  for (const name of ["subscribe", "rewind", "wait"] as const) {
    if (options[name] === undefined) continue;
    throw new ConfigError("ambiguous_options", {
      message: `There are --raw and --${name}.`,
      fix: `Leave --${name} out: frames as they are have no channels, and a raw line is not dialled again.`,
    });
  }
  const talk = await readTalk(terminal, options);
  const count = countOf("--count", options.count);
  await using line = new RawLine(readAddress(args[0] ?? "", terminal.env), talk);
  using interrupt = new Interrupt();
  const watch = new RawWatch(terminal, line, { count, isText: options.text === true });
  await Promise.race([watch.run(), interrupt.came]);
  return exitCodes.done;
}

/** @throws {ConfigError} `invalid_count` */
function countOf(option: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const count = Number(given);
  if (/^\d{1,9}$/.test(given) && count > 0) return count;
  throw new ConfigError("invalid_count", {
    message: `${option} is no number of events.`,
    fix: `Give it a whole number of 1 or more, like ${option} 10.`,
  });
}

import type { CommandShape } from "./command.js";
import { exitCodes } from "./exit-code.js";
import { readAddress } from "./talk/address.js";
import { Caller } from "./talk/caller.js";
import { frameText } from "./talk/heard-line.js";
import { checkType } from "./talk/message-type.js";
import { readPayload, readText } from "./talk/payload.js";
import { RawLine } from "./talk/raw-line.js";
import { addTalkOptions, readTalk, type TalkOptions } from "./talk/talk-options.js";

/** Says one message, and prints the answer. */
export const requestCommand: CommandShape<TalkOptions> = {
  usage: "request <url> <type> [payload]",
  summary: "say one message, and print the answer",
  examples: [
    ['tidings request ws://127.0.0.1:8000/ws add \'{"a":1,"b":2}\'', "prints what the handler returned"],
    ["tidings request /ws/rooms/lobby say - --as alice < message.json", "as alice, with the payload from a file"],
    ["tidings request /ws export --timeout 5m", "without a payload, for an answer that takes long"],
    ["tidings request wss://echo.example --raw hello", "of any WebSocket server: the first frame that comes"],
  ],
  options: (command) => addTalkOptions(command),
  async run({ terminal, args, options }) {
    const [url = "", type = "", given] = args;
    const address = readAddress(url, terminal.env);
    const talk = await readTalk(terminal, options);
    if (options.raw) {
      await using line = new RawLine(address, talk);
      const frame = await line.ask(await readText(terminal, type));
      terminal.result(frame, frameText(terminal, frame));
      return exitCodes.done;
    }
    checkType(type);
    const payload = await readPayload(terminal, given);
    await using caller = new Caller(address, talk);
    await caller.opened();
    terminal.result((await caller.request(type, payload, { timeout: talk.timeout })) ?? null);
    return exitCodes.done;
  },
};

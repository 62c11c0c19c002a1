import type { CommandShape } from "./command.js";
import { exitCodes } from "./exit-code.js";
import { readAddress } from "./talk/address.js";
import { Caller } from "./talk/caller.js";
import { checkType } from "./talk/message-type.js";
import { readPayload, readText } from "./talk/payload.js";
import { RawLine } from "./talk/raw-line.js";
import { addTalkOptions, readTalk, type TalkOptions } from "./talk/talk-options.js";

/** Says one message, and sees that it was handled. */
export const sendCommand: CommandShape<TalkOptions> = {
  usage: "send <url> <type> [payload]",
  summary: "say one message, and see that the server has handled it",
  examples: [
    ['tidings send ws://127.0.0.1:8000/ws/rooms/lobby say \'{"text":"hi"}\' --as alice', "as alice"],
    ["tidings send /ws/rooms/lobby say - --as alice < message.json", "with the payload from a file"],
    ["tidings send wss://echo.example --raw hello", "a text frame, to any WebSocket server"],
  ],
  options: (command) => addTalkOptions(command),
  async run({ terminal, args, options }) {
    const [url = "", type = "", given] = args;
    const address = readAddress(url, terminal.env);
    const talk = await readTalk(terminal, options);
    if (options.raw) {
      await using line = new RawLine(address, talk);
      await line.tell(await readText(terminal, type));
      terminal.result({ sent: true }, "sent");
      return exitCodes.done;
    }
    checkType(type);
    const payload = await readPayload(terminal, given);
    await using caller = new Caller(address, talk);
    await caller.opened();
    // With an id, for who has sent something wants to know what became of it.
    await caller.request(type, payload, { timeout: talk.timeout });
    terminal.result({ handled: true }, "handled");
    return exitCodes.done;
  },
};

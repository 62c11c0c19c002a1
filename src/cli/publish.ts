import { ConfigError } from "../index.js";
import { isChannelName } from "../protocol/index.js";
import type { CommandShape } from "./command.js";
import { exitCodes } from "./exit-code.js";
import { readAddress } from "./talk/address.js";
import { Caller } from "./talk/caller.js";
import { checkType } from "./talk/message-type.js";
import { readPayload } from "./talk/payload.js";
import { addLineOptions, readTalk, type TalkOptions } from "./talk/talk-options.js";
import { visibleText } from "./visible-text.js";

interface PublishCommandOptions extends TalkOptions {
  readonly key?: string;
}

/** Publishes one event as a client does. Servers publish by the HTTP API. */
export const publishCommand: CommandShape<PublishCommandOptions> = {
  usage: "publish <url> <channel> <type> [payload]",
  summary: "publish one event, where the channel lets clients",
  examples: [
    ['tidings publish /ws chat/lobby said \'{"text":"hi"}\' --as alice', "prints its place in the history"],
    ["tidings publish /ws chat/lobby said - --key 42 < event.json", "said again with this key it is delivered once"],
  ],
  options: (command) => addLineOptions(command).option("--key <text>", "what makes it the same event when said again"),
  async run({ terminal, args, options }) {
    const [url = "", channel = "", type = "", given] = args;
    const address = readAddress(url, terminal.env);
    checkChannel(channel);
    checkType(type);
    const talk = await readTalk(terminal, options);
    const payload = await readPayload(terminal, given);
    await using caller = new Caller(address, talk);
    await caller.opened();
    const event = { channel, type, payload, key: options.key };
    const published = await caller.request("publish", event, { timeout: talk.timeout });
    const { offset } = published as { readonly offset?: number }; // PROTOCOL.md, What a client may send
    terminal.result({ channel, type, offset }, `published${offset === undefined ? "" : `, as event ${offset}`}`);
    return exitCodes.done;
  },
};

/** @throws {ConfigError} `invalid_channel` */
function checkChannel(channel: string): void {
  const isName: boolean = isChannelName(channel);
  if (isName) return;
  throw new ConfigError("invalid_channel", {
    message: `No channel has the name ${visibleText(JSON.stringify(channel.slice(0, 80)))}.`,
    fix: "A name is like chat/lobby. Is the order URL, channel, type, payload?",
  });
}

import { receive } from "../../../src/connection/reception.js";
import * as requests from "../../../src/protocol/channel-requests.js";
import { encodeReply } from "../../../src/protocol/encode-message.js";
import { isMessageId, isMessageType } from "../../../src/protocol/names.js";
import { parseMessage } from "../../../src/protocol/parse-message.js";
import { TidingsError } from "../../../src/protocol/tidings-error.js";
import { hold, type Target } from "../target.js";

export const messages: Target = {
  about: "one text frame of a client: what it parses to, and what it asks of channels",
  words: [
    ..."connect auth ping pong subscribe unsubscribe publish presence history task_cancel say tidings.x".split(" "),
    ..."type payload id channel since epoch offset rewind presence key limit before watch task token trace".split(" "),
    ...["chat/lobby", "chat/../x", "$tasks/ana", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
  ],
  open: () => ({ read: (input) => readFrame(input.toString()) }),
};

function readFrame(text: string): void {
  for (const phase of ["greeting", "credential", "open"] as const) receive(text, phase);
  const message = parseMessage(text);
  if ("error" in message) {
    hold(message.message !== "", "a bad message says what is wrong", message);
    return;
  }
  const { type, payload, id } = message;
  hold(isMessageType(type) && (id === undefined || isMessageId(id)), "what is parsed is a message", message);
  hold(payload !== undefined, "a payload is there", message);
  hold(writes(message) === writes(parseMessage(writes(message))), "what parses is read alike once more", text);
  if (id !== undefined) hold(JSON.parse(encodeReply(id, null)).id === id, "an answer carries the id", id);
  readRequests(payload);
}

/** `-0` is written as 0, which is the same id. */
function writes(message: object): string {
  return JSON.stringify(message);
}

function readRequests(payload: unknown): void {
  requests.channelIn(payload);
  for (const read of READERS) {
    try {
      const request = read(payload);
      const name = "channel" in request ? request.channel : request.task;
      hold(typeof name === "string", "what a request is about has a name", request);
    } catch (error) {
      const issues = error instanceof TidingsError && error.code === "invalid_payload" ? error.issues : undefined;
      if (issues === undefined || issues.length === 0) throw error;
    }
  }
  const since = requests.parseSince(payload);
  for (const [, { epoch, offset }] of since ?? []) {
    hold(epoch.length <= 32 && Number.isSafeInteger(offset) && offset >= 0, "a position is one", { epoch, offset });
  }
}

const READERS = [
  requests.parseSubscribe,
  requests.parseUnsubscribe,
  requests.parsePublish,
  requests.parsePresence,
  requests.parseHistory,
  requests.parseTaskCancel,
];

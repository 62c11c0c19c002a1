import { isOurs } from "../declare/path-pattern.js";
import type { ChannelView } from "../declare/process-view.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { JsonSchema } from "../schema/json-schema.js";
import { channelNamed } from "./named-channel.js";
import { listOf, type Operation, objectOf, operation } from "./operation.js";
import { count, optional, type Param, text } from "./param.js";
import { channelParam } from "./publish-operations.js";

/** What may be asked for at most; the app's own limits may be lower. */
const MOST = 1_000;
const DEFAULT = 100;

export const limitParam: Param<number | undefined> = optional(count("How many at most. Default 100.", 1, MOST));
export const PROCESS: JsonSchema = {
  type: "string",
  description: "Which process has answered: another with each start.",
};

export const presence: Operation = operation({
  name: "presence",
  summary: "Who is on a channel, in any process, in the order they joined.",
  description: "A user once, with all their devices. Only of a channel with `presence`.",
  isRead: true,
  params: { channel: channelParam, limit: limitParam },
  result: objectOf({
    members: listOf({ type: "object", description: "The `id` of each, and what the channel shows of it." }),
    count: { type: "integer", minimum: 0, description: "How many are there." },
  }),
  async run(host, { channel: name, limit = DEFAULT }) {
    const channel = channelNamed(name, host);
    if (channel["~definition"].presence === undefined) {
      throw new TidingsError("not_found", `"${channel.pattern}" has no presence.`);
    }
    return host.members(channel, Math.min(limit, host.limits.members));
  },
});

export const history: Operation = operation({
  name: "history",
  summary: "Events of a channel that are kept, oldest first.",
  description:
    "The newest `limit` of them, or of those before an offset: the first one's, to have what was before it. Of a channel without history there are none.",
  isRead: true,
  params: {
    channel: channelParam,
    limit: limitParam,
    before: optional(count("Only those before this offset.", 1, Number.MAX_SAFE_INTEGER)),
  },
  result: objectOf(
    {
      events: listOf(objectOf({ type: { type: "string" }, offset: { type: "integer", minimum: 1 }, payload: {} })),
    },
    { epoch: { type: "string", description: "Which life of the history this is; only with history." } },
  ),
  async run(host, { channel: name, limit = DEFAULT, before }) {
    const channel = channelNamed(name, host);
    if (channel["~definition"].history === undefined) return { events: [] };
    return host.history(channel, { limit, before });
  },
});

export const channels: Operation = operation({
  name: "channels",
  summary: "The channels that connections of this process are on.",
  description:
    "Only of the process that answers: others have their own. Those with most connections first; the protocol's own are not among them.",
  isRead: true,
  params: { text: optional(text("Only those with this in their names.", 255)), limit: limitParam },
  result: objectOf({
    process: PROCESS,
    count: { type: "integer", minimum: 0, description: "How many there are that were meant." },
    channels: listOf(
      objectOf({
        channel: { type: "string" },
        pattern: { type: "string", description: "As it was declared." },
        connections: { type: "integer", minimum: 0, description: "Of this process." },
      }),
    ),
  }),
  async run({ view }, { text: part = "", limit = DEFAULT }) {
    const found = [...view.channels()].filter(({ channel }) => !isOurs(channel) && channel.includes(part));
    found.sort(byConnections);
    const shown = found.slice(0, limit).map(({ channel, pattern, connections }) => ({ channel, pattern, connections }));
    return { process: view.process, count: found.length, channels: shown };
  },
});

function byConnections(one: ChannelView, other: ChannelView): number {
  return other.connections - one.connections || (one.channel < other.channel ? -1 : 1);
}

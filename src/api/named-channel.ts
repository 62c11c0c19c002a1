import type { ChannelDefinition, ChannelRef } from "../declare/channel.js";
import { isOurs } from "../declare/path-pattern.js";
import { isChannelName } from "../protocol/names.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { ApiHost } from "./api-host.js";

/**
 * The channel of this name, such as `chat/lobby`.
 *
 * @throws TidingsError `not_found` where no endpoint lists one, and for the protocol's own
 */
export function channelNamed(name: string, { channels }: Pick<ApiHost, "channels">): ChannelRef {
  if (isChannelName(name) && !isOurs(name)) {
    const segments = name.split("/");
    for (const definition of channels) {
      if (definition.pattern.match(segments) !== undefined) return refTo(name, definition);
    }
  }
  throw new TidingsError(
    "not_found",
    `No endpoint lists a channel that ${JSON.stringify(name.slice(0, 255))} could be.`,
  );
}

function refTo(channel: string, definition: ChannelDefinition): ChannelRef {
  return { channel, pattern: definition.pattern.source, "~definition": definition };
}

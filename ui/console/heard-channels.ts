import type { EndpointDoc } from "./api.js";
import type { Standing } from "./channel-book.js";
import { paramsIn } from "./dial.js";
import type { Task } from "./snippet-task.js";

/**
 * What code hears at an endpoint, as a connection there has shown: the channel that was subscribed to last; and by type all
 * that comes without, from channels that the server puts it on and to it alone.
 */
export function heardBy(
  { channels, hears }: Pick<EndpointDoc, "channels" | "hears">,
  standings: readonly Standing[],
): Pick<Task, "channel" | "hears"> {
  const found = standings
    .filter(({ isOn }) => isOn)
    .flatMap((standing) => {
      const { name } = standing;
      const channel = channels.find(({ pattern }) => paramsIn(pattern, name) !== undefined);
      return channel === undefined ? [] : [{ ...standing, channel, params: paramsIn(channel.pattern, name) ?? {} }];
    });
  const last = found
    .filter(({ askedAtMs }) => askedAtMs !== undefined)
    .toSorted((a, b) => (a.askedAtMs ?? 0) - (b.askedAtMs ?? 0))
    .at(-1);
  const given = channels.filter(
    (channel) =>
      // Of tasks our client tells in a better way.
      !channel.tasks &&
      (channel.subscribe === "no" || found.some((each) => each.channel === channel && each.askedAtMs === undefined)),
  );
  const types = [...hears, ...given.flatMap(({ events }) => events)].map(({ type }) => type);
  return {
    channel: last && {
      pattern: last.channel.pattern,
      name: last.name,
      params: last.params,
      events: last.channel.events.map(({ type }) => type),
    },
    hears: [...new Set(types)],
  };
}

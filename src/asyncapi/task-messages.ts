import type { ChannelDefinition } from "../declare/channel.js";
import { channelNames, exampleChannel } from "./listed-channel.js";
import { patternKey } from "./names.js";
import { messageOf, type Said } from "./said.js";
import type { WireSchemas } from "./wire-schemas.js";

/** The events of a channel of tasks, which the protocol has declared (PROTOCOL.md, Tasks). */
export function taskMessages(channel: ChannelDefinition, { task }: WireSchemas): ReadonlyMap<string, Said> {
  const { source } = channel.pattern;
  return new Map(
    [...channel.events.keys()].map((type) => {
      const key = `${patternKey(source)}.${type}`;
      const { summary, more } = TASK_EVENTS[type] ?? {};
      const payload = { ...FIRST, ...more };
      const example = { type, channel: exampleChannel(channel.pattern), offset: 58, payload };
      const wire = { type, channel: channelNames([channel]), hasOffset: true, payload: task };
      const extension = { role: "event", from: "server", channel: source } as const;
      return [type, { keys: [key], componentKeys: [key], message: messageOf(wire, { summary }, [example], extension) }];
    }),
  );
}

const FIRST = { task: "t7", name: "export", progress: 0, timestamp: "2026-01-02T03:04:05.678Z" };

const TASK_EVENTS: Readonly<Record<string, { readonly summary: string; readonly more?: object }>> = {
  task_queued: { summary: "A task waits for its turn." },
  task_started: { summary: "A task has begun." },
  task_progress: { summary: "How far a task is.", more: { progress: 40, message: "page 3" } },
  task_completed: { summary: "A task has done its work.", more: { progress: 100, result: { pages: 8 } } },
  task_failed: {
    summary: "A task has failed.",
    more: { progress: 40, error: { code: "internal", message: "Something went wrong on the server." } },
  },
  task_cancelled: { summary: "A task was cancelled.", more: { progress: 40 } },
};

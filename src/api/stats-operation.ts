import type { JsonSchema } from "../schema/json-schema.js";
import { PROCESS } from "./channel-operations.js";
import { type Operation, objectOf, operation } from "./operation.js";

const COUNT: JsonSchema = { type: "integer", minimum: 0 };

export const stats: Operation = operation({
  name: "stats",
  summary: "How many are there in all processes, and what happened so far in this one.",
  description:
    "`isOfThisProcess` is true where the others can't be asked, because the broker is away. What counts up does so since this process started.",
  isRead: true,
  params: {},
  result: objectOf({
    process: PROCESS,
    startedAt: { type: "string", format: "date-time" },
    all: objectOf({ users: COUNT, connections: COUNT, isOfThisProcess: { type: "boolean" } }),
    here: objectOf(
      { connections: COUNT, users: COUNT, channels: COUNT, eventsPublished: COUNT, isBrokerAway: { type: "boolean" } },
      {},
    ),
  }),
  async run(host) {
    const { process, startedAtMs } = host.view;
    const all = await host.countAll();
    return { process, startedAt: new Date(startedAtMs).toISOString(), all, here: host.stats() };
  },
});

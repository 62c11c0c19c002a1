import { declaredFor } from "../protocol/any-type.js";
import { defaultLimits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { JsonSchema } from "../schema/json-schema.js";
import type { ApiHost } from "./api-host.js";
import { channelNamed } from "./named-channel.js";
import { listOf, type Operation, objectOf, operation } from "./operation.js";
import { anything, type Given, optional, type Param, readParams, required, text } from "./param.js";
import { problemOf } from "./problem.js";
import { problemSchema } from "./problem-schema.js";

export const channelParam: Param<string> = text(
  "The whole name of a channel that an endpoint lists.",
  defaultLimits.channelName,
  ["chat/lobby"],
);

const params = {
  channel: channelParam,
  type: text("The event, by the name that the channel declares.", defaultLimits.type, ["said"]),
  payload: anything("What fits the event's schema. Left out it is `{}`."),
  key: optional(
    text(
      "Tells a repeat from another event that looks alike: with one that the channel had in the last 5 minutes nobody is told again, and the answer is that of the first.",
      defaultLimits.key,
    ),
  ),
  except: optional(text("The id of a connection that is not to hear it.", 128)),
};
const publishParams = { ...params, payload: optional(params.payload) };

const POSITION: JsonSchema = objectOf(
  {},
  {
    epoch: { type: "string", description: "Which life of the channel's history it is in; only with history." },
    offset: { type: "integer", minimum: 1, description: "Its position there; only with history." },
  },
);

const RESULT: JsonSchema = {
  ...POSITION,
  description: "Where it is; or why it was not published.",
  properties: { ...POSITION.properties, error: problemSchema },
};

export const publish: Operation = operation({
  name: "publish",
  summary: "Publishes an event to everyone on a channel, in every process.",
  description:
    "It is answered when the broker has taken the event. A user's inbox and everybody are channels like any other. Where it is not answered, or with `unavailable`, it may have been published: ask again with the same `key`.",
  isRead: false,
  params: publishParams,
  result: POSITION,
  run: publishOne,
});

export const publishBatch: Operation = operation({
  name: "publish_batch",
  summary: "Publishes up to 1,000 events, in their order.",
  description:
    "Each is published or refused by itself: `results` has one for each item, in the order of the items, with its position or its `error`.",
  isRead: false,
  params: {
    items: required<readonly unknown[]>("a list of publishes", {
      type: "array",
      minItems: 1,
      description: "Each as `publish` takes it.",
    }),
  },
  result: objectOf({ results: listOf(RESULT) }),
  async run(host, { items }) {
    const { apiBatch, issues } = host.limits;
    if (items.length > apiBatch) {
      const message = `These are ${items.length}: give ${apiBatch} at most (limits.apiBatch).`;
      throw new TidingsError("bad_request", message, { issues: [{ path: ["items"], message }] });
    }
    // All of them before any is awaited: what is published in turn keeps its order.
    const publishing = items.map(async (item) => publishOne(host, readParams(publishParams, item)));
    const settled = await Promise.allSettled(publishing);
    const results = settled.map((each) => {
      if (each.status === "fulfilled") return each.value;
      if (!(each.reason instanceof TidingsError)) host.report(each.reason, "api publish_batch");
      return { error: problemOf(each.reason, issues) };
    });
    return { results };
  },
});

async function publishOne(host: ApiHost, given: Given<typeof publishParams>): Promise<object> {
  const { channel: name, type, payload = {}, key, except } = given;
  const channel = channelNamed(name, host);
  if (declaredFor(channel["~definition"].events, type, "from-servers") === undefined) {
    throw new TidingsError("unknown_type", `"${channel.pattern}" has no event ${JSON.stringify(type)}.`);
  }
  return host.publish(channel, { type, payload }, { key, except });
}

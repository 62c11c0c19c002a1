import type { SpeaksMessages } from "../declare/endpoint.js";
import type { Schema } from "../schema/standard.js";
import type { Draft } from "./draft.js";
import { toKey } from "./names.js";
import { type Payload, readPayload } from "./payload.js";
import { exampleType, messageOf, type Said, textOf } from "./said.js";

/** What an endpoint declares in `receives`, `replies` and `sends`. `key` is the endpoint's. */
export function appMessages(
  draft: Draft,
  { receives, sends }: SpeaksMessages,
  { key, path, error }: { readonly key: string; readonly path: string; readonly error: Said },
): readonly Said[] {
  const place = { draft, key, path };
  const asked = [...receives].flatMap(([type, { schema, reply }]) => {
    const answer = replyTo(place, type, reply);
    return [received(place, type, schema, [answer, error]), answer];
  });
  return [...asked, ...[...sends].map(([type, schema]) => sent(place, type, schema))];
}

interface Place {
  readonly draft: Draft;
  readonly key: string;
  readonly path: string;
}

function received({ draft, key, path }: Place, type: string, schema: Schema, answers: readonly Said[]): Said {
  const own = toKey(type);
  const payload = readPayload(draft, schema, {
    side: "arrives",
    key: `${key}.${own}`,
    where: `${path}, receives.${type}`,
    name: type,
  });
  const examples = payload.examples.map((each) => ({ type: exampleType(type), id: 1, payload: each }));
  const wire = { type, id: "optional", payload: payload.json, isPayloadOptional: payload.canBeEmpty } as const;
  return {
    keys: [own, `receive.${own}`],
    componentKeys: [`${key}.${own}`, `${key}.receive.${own}`],
    message: messageOf(wire, textOf(payload), examples, { role: "receives", from: "client" }),
    answers,
  };
}

function replyTo({ draft, key, path }: Place, type: string, schema: Schema | undefined): Said {
  const own = `${toKey(type)}.reply`;
  const payload =
    schema === undefined
      ? UNDECLARED
      : readPayload(draft, schema, {
          side: "leaves",
          key: `${key}.${own}`,
          where: `${path}, replies.${type}`,
          name: type,
        });
  const { title = `Reply to ${exampleType(type)}`, ...text } = textOf(payload);
  const examples = payload.examples.map((each) => ({ type: "reply", id: 1, payload: each }));
  const wire = { type: "reply", id: "required", payload: payload.json } as const;
  return {
    keys: [own],
    componentKeys: [`${key}.${own}`],
    message: messageOf(wire, { title, ...text }, examples, { role: "reply", from: "server", replyTo: type }),
    isAnswer: true,
  };
}

/** Without `replies` it is what the handler returns, which only its type says. */
const UNDECLARED: Payload = {
  json: { description: "What the handler returns; `null` where that is nothing. `replies` would say more." },
  examples: [],
  canBeEmpty: true,
};

function sent({ draft, key, path }: Place, type: string, schema: Schema): Said {
  const own = toKey(type);
  const payload = readPayload(draft, schema, {
    side: "leaves",
    key: `${key}.send.${own}`,
    where: `${path}, sends.${type}`,
    name: type,
  });
  const examples = payload.examples.map((each) => ({ type, payload: each }));
  return {
    keys: [own, `send.${own}`],
    componentKeys: [`${key}.${own}`, `${key}.send.${own}`],
    message: messageOf({ type, payload: payload.json }, textOf(payload), examples, { role: "sends", from: "server" }),
  };
}

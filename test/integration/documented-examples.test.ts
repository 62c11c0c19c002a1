import { expect, test } from "vitest";
import { createShowcase } from "../../examples/showcase/app.js";
import { sessionCookie, sessions } from "../../examples/showcase/sessions.js";
import { signTokens } from "../../examples/showcase/tokens.js";
import type { ChannelObject, MessageObject, OperationObject } from "../../src/declare/asyncapi-document.js";
import { follow, validatorOf } from "../asyncapi/rules.js";
import { LogRecorder } from "../support/log-recorder.js";
import { dial, type WsClient } from "../support/ws-client.js";

const document = createShowcase().asyncapi();
const endpoints = Object.entries(document.channels);

/** What an example is answered where that is an error: the document can't know who says it, and when. */
const EXPECTED_ERRORS: Readonly<Record<string, string>> = {
  "ws_rooms_room subscribe": "already_subscribed", // the server has joined it
  "ws_rooms_room unsubscribe": "forbidden", // likewise
  "ws_subscribe_topic subscribe": "already_subscribed", // likewise
  "ws_subscribe_topic unsubscribe": "forbidden", // likewise
  "ws task_cancel": "not_found",
  "ws publish item": "forbidden", // alice is no admin
};

test.each(endpoints)("what clients may say at %s is answered, by its example, as the document says", async (key) => {
  const app = createShowcase({ logger: new LogRecorder() });
  const { url } = await app.listen(0, { signals: [] });
  try {
    for (const { message, answers } of requestsAt(key)) {
      for (const { payload } of message.examples ?? []) {
        const client = await enter(url, key, message);
        const answer = await answerTo(client, key, message, payload);
        expect(answer, JSON.stringify(payload)).toEqual(expectedAnswer(key, message, answers, payload));
        client.terminate();
      }
    }
  } finally {
    await app.close();
  }
});

test("each endpoint's document has something to say", () => {
  const counts = endpoints.map(([key]) => requestsAt(key).flatMap(({ message }) => message.examples ?? []).length);
  expect(Math.min(...counts)).toBeGreaterThan(0);
});

interface Request {
  readonly message: MessageObject;
  readonly answers: readonly MessageObject[];
}

/** What a client may say there, and what it is answered. */
function requestsAt(key: string): readonly Request[] {
  const operations: readonly OperationObject[] = Object.values(document.operations);
  return operations
    .filter(({ action, channel }) => action === "receive" && channel.$ref === `#/channels/${key}`)
    .flatMap(({ messages, reply }) => {
      const answers = (reply?.messages ?? []).map(({ $ref }) => messageAt($ref));
      return messages.map(({ $ref }) => ({ message: messageAt($ref), answers }));
    });
}

function messageAt(ref: string): MessageObject {
  // Of an operation's message the reference leads to a channel's, and that to the component.
  return follow(document, (follow(document, ref) as { readonly $ref: string }).$ref) as MessageObject;
}

function channelAt(key: string): ChannelObject {
  return follow(document, `#/channels/${key}`) as ChannelObject;
}

/** Somebody who may: by a cookie where that is all there is, otherwise by a token. */
async function enter(url: string, key: string, { name }: MessageObject): Promise<WsClient> {
  const { address, parameters = {}, "x-tidings": extension } = channelAt(key);
  const path = address.replaceAll(/\{(\w+)\}/g, (_, param: string) => parameters[param]?.examples?.[0] ?? "");
  const places = extension.credentials.map(({ place }) => place);
  const headers = places.every((place) => place === "cookie")
    ? { cookie: `${sessionCookie}=${sessions.begin({ id: "alice", name: "Alice" })}` }
    : { authorization: `Bearer ${await tokenFor(key)}` };
  const protocols = name === "connect" ? ["tidings.v1"] : [];
  return dial(`${url}${path}`, { protocols, headers: extension.isOpenToAll ? {} : headers });
}

async function tokenFor(key: string): Promise<string> {
  const sub = key === "ws_admin" ? "admin" : "alice";
  return (await signTokens()).find((signed) => signed.sub === sub)?.token ?? "";
}

/** Says it, being on the channel where it has to be, and gives what it is answered. All that comes is in the document. */
async function answerTo(client: WsClient, key: string, message: MessageObject, example: unknown): Promise<unknown> {
  if (message["x-tidings"].role === "frame") {
    client.sendText(String(example));
    return client.nextText();
  }
  const said = JSON.parse(JSON.stringify(example).replaceAll("…", await tokenFor(key)));
  if (["unsubscribe", "presence", "history"].includes(message.name)) {
    client.send({ type: "subscribe", id: "first", payload: { channel: said.payload.channel } });
    await client.takeUntil("first");
  }
  client.send(said);
  // What has no answer is followed by something that has.
  if (message.name === "pong") client.send({ type: "ping", id: "after" });
  const answers = message.name === "connect" ? "connected" : message.name === "pong" ? "after" : said.id;
  for (let next = await client.next(); ; next = await client.next()) {
    expect(isTold(key, next), JSON.stringify(next)).toBe(true);
    if (next.id === answers || next.type === answers) return next;
  }
}

function expectedAnswer(
  key: string,
  message: MessageObject,
  answers: readonly MessageObject[],
  example: unknown,
): unknown {
  if (message["x-tidings"].role === "frame") return example;
  if (message.name === "pong") return { type: "pong", id: "after" };
  const event = message["x-tidings"].event;
  const code = EXPECTED_ERRORS[[key, message.name, ...(event === undefined ? [] : [event])].join(" ")];
  if (code !== undefined) return expect.objectContaining({ type: "error", payload: expect.objectContaining({ code }) });
  return expect.toSatisfy((answer: unknown) => answers.slice(0, 1).some((each) => fits(each, answer)));
}

const validator = validatorOf(document);

function fits(message: MessageObject, said: unknown): boolean {
  const [key] = Object.entries(document.components.messages).find(([, each]) => each === message) ?? [];
  return validator(`/components/messages/${key}/payload`)(said) === true;
}

/** Is it something that the document says may come there? */
function isTold(key: string, said: unknown): boolean {
  const messages = Object.values(channelAt(key).messages).map(({ $ref }) => follow(document, $ref) as MessageObject);
  return messages.filter(({ "x-tidings": { from } }) => from === "server").some((message) => fits(message, said));
}

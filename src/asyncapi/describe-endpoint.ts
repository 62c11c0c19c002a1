import type {
  ChannelObject,
  EndpointExtension,
  EndpointLimitsTold,
  OperationObject,
  Reference,
} from "../declare/asyncapi-document.js";
import type { CredentialWay } from "../declare/credential.js";
import type { EndpointDefinition, SpeaksMessages } from "../declare/endpoint.js";
import type { Limits } from "../protocol/limits.js";
import { appMessages } from "./app-messages.js";
import type { CommonMessages } from "./common-messages.js";
import type { Draft } from "./draft.js";
import { frameMessages } from "./frame-messages.js";
import { addressOf, bindingOf, credentialsOf, parametersOf } from "./handshake.js";
import { freeKey, pointerStep } from "./names.js";
import { protocolNews } from "./protocol-news.js";
import { protocolRequests } from "./protocol-requests.js";
import type { Said } from "./said.js";

/** An endpoint as an app serves it. */
export interface EndpointGiven {
  readonly definition: EndpointDefinition;
  /** Of all credentials that it needs, in the order in which they are looked at. */
  readonly ways: readonly CredentialWay[];
  /** Is a fresh credential taken in band, by `auth`? */
  readonly isRefreshable: boolean;
  readonly limits: Limits;
}

export interface DescribedEndpoint {
  readonly channel: ChannelObject;
  /** By their keys among all operations. */
  readonly operations: readonly (readonly [key: string, operation: OperationObject])[];
}

/** What the document says of one endpoint. */
export function describeEndpoint(
  draft: Draft,
  endpoint: EndpointGiven,
  key: string,
  common: CommonMessages,
): DescribedEndpoint {
  const { definition, limits, ways } = endpoint;
  const { speaks } = definition;
  const credentials = credentialsOf(draft, definition, ways);
  const said = speaks.kind === "frames" ? frameMessages(speaks) : messagesOf(draft, speaks, endpoint, key, common);
  const places = new Places(draft, `#/channels/${pointerStep(key)}`);
  for (const each of said) places.add(each);
  const security = credentials.map(({ scheme }) => ({ $ref: `#/components/securitySchemes/${pointerStep(scheme)}` }));
  const channels = speaks.kind === "messages" ? speaks.channels : [];
  const extension: EndpointExtension = {
    kind: speaks.kind,
    subprotocols: definition.subprotocols,
    refuse: definition.refuse,
    closeCodes: definition.closeCodes,
    credentials,
    isOpenToAll: definition.auth === undefined && ways.length === 0 && definition.allow === undefined,
    limits: limitsTold(limits),
    channels: channels.map(({ pattern }) => pattern.source),
  };
  return {
    channel: {
      address: addressOf(definition),
      title: definition.pattern.source,
      summary: definition.summary,
      parameters: parametersOf(draft, definition, key),
      messages: places.messages,
      bindings: { ws: bindingOf(draft, definition, credentials, key) },
      "x-tidings": extension,
    },
    operations: said.flatMap((each) => places.operations(key, each, security)),
  };
}

function messagesOf(
  draft: Draft,
  speaks: SpeaksMessages,
  { definition, isRefreshable, limits, ways }: EndpointGiven,
  key: string,
  common: CommonMessages,
): readonly Said[] {
  const { channels } = speaks;
  const { answers, wire } = common;
  const byMessage = ways.some(({ place }) => place === "message");
  const part = { key, channels, isRefreshable, byMessage, mostChannels: limits.channels, wire };
  const app = appMessages(draft, speaks, { key, path: definition.pattern.source, error: answers.error });
  const events = channels.flatMap((channel) => [...(common.events.get(channel)?.values() ?? [])]);
  const published = channels.flatMap((channel) => common.published.get(channel) ?? []);
  const requests = protocolRequests(part, answers);
  const news = protocolNews(part);
  // What may come without being asked for: who the server joins to a channel, or takes off it, is told so.
  const unasked = channels.length > 0 ? [answers.subscribed, answers.unsubscribed, answers.error] : [answers.error];
  const asked = [...published, ...requests].flatMap((each) => each.answers ?? []);
  return [...new Set([...app, ...events, ...published, ...requests, ...asked, ...news, ...unasked])];
}

/** Where what is said at one endpoint stands in the document. */
class Places {
  readonly #draft: Draft;
  readonly #path: string;
  readonly #references = new Map<string, Reference>();
  readonly #keys = new Map<Said, string>();

  constructor(draft: Draft, path: string) {
    this.#draft = draft;
    this.#path = path;
  }

  get messages(): Readonly<Record<string, Reference>> {
    return Object.fromEntries(this.#references);
  }

  add(said: Said): void {
    const key = freeKey((each) => this.#references.has(each), said.keys);
    this.#keys.set(said, key);
    this.#references.set(key, this.#draft.addMessage(said.componentKeys, said.message));
  }

  /** None for what comes as an answer only. */
  operations(
    endpoint: string,
    said: Said,
    security: readonly Reference[],
  ): readonly (readonly [string, OperationObject])[] {
    if (said.isAnswer === true) return [];
    const {
      title,
      summary,
      "x-tidings": { from },
    } = said.message;
    const { answers } = said;
    const action = from === "client" ? "receive" : "send";
    const operation: OperationObject = {
      action,
      channel: { $ref: this.#path },
      title,
      summary,
      messages: [this.#refTo(said)],
      ...(answers !== undefined && {
        reply: { channel: { $ref: this.#path }, messages: answers.map((answer) => this.#refTo(answer)) },
      }),
      ...(security.length > 0 && { security }),
    };
    return [[`${endpoint}.${action}.${this.#keys.get(said)}`, operation]];
  }

  #refTo(said: Said): Reference {
    const key = this.#keys.get(said) ?? said.keys[0]; // an answer is among what is said
    return { $ref: `${this.#path}/messages/${pointerStep(key)}` };
  }
}

function limitsTold(limits: Limits): EndpointLimitsTold {
  const { messageSize, fragments, messages, messagesPerUser, control, strikes, channels, connectionsPerUser } = limits;
  const { outbox, handler, auth, heartbeat, pong, historyPage } = limits;
  return {
    messageSize,
    fragments,
    messages,
    messagesPerUser,
    control,
    strikes,
    channels,
    connectionsPerUser,
    outbox,
    handler,
    auth,
    heartbeat,
    pong,
    historyPage,
  };
}

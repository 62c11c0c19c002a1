import type {
  AsyncApiDocument,
  ChannelObject,
  CredentialPlace,
  EndpointExtension,
  MessageObject,
  ParameterObject,
  TidingsChannel,
} from "../../src/declare/asyncapi-document.js";
import { type Field, fieldOf, type Member, type Resolve, type Schema } from "./form-model.js";

/** What an app offers, as its AsyncAPI document tells it: the console knows nothing else. */
export interface Api {
  readonly title: string;
  /** Undefined where nobody gave it one. */
  readonly version: string | undefined;
  readonly description: string | undefined;
  readonly endpoints: readonly EndpointDoc[];
  /** By pattern. */
  readonly channels: ReadonlyMap<string, ChannelDoc>;
  /** Where the document says that it is served, such as `wss://api.example/v1`. */
  readonly servers: readonly string[];
}

export interface EndpointDoc
  extends Pick<
    EndpointExtension,
    "kind" | "subprotocols" | "refuse" | "closeCodes" | "credentials" | "isOpenToAll" | "limits"
  > {
  /** In the document, and in the page's address. */
  readonly key: string;
  /** As it was declared, such as `/ws/rooms/:room`. */
  readonly path: string;
  readonly summary: string | undefined;
  readonly description: string | undefined;
  readonly params: readonly ParamDoc[];
  /** Without a credential's. */
  readonly query: readonly Member[];
  /** What may be said. */
  readonly says: readonly MessageDoc[];
  /** What is said to this connection alone. */
  readonly hears: readonly MessageDoc[];
  readonly channels: readonly ChannelDoc[];
  /** Is there a credential that a page can give? Where there is none but others are needed, a page can't get in. */
  readonly isOutOfReach: boolean;
}

export interface ParamDoc {
  readonly name: string;
  readonly description: string | undefined;
  /** What alone it may be. */
  readonly choices: readonly string[] | undefined;
  readonly initial: string;
}

export interface MessageDoc {
  readonly type: string;
  /** It is for any type that has no message of its own: `type` is but one that it might be. */
  readonly isAny: boolean;
  readonly title: string | undefined;
  readonly summary: string | undefined;
  readonly description: string | undefined;
  /** Of what the app gave a schema for. */
  readonly schema: Schema;
  readonly field: Field;
  /** Such a payload; undefined where the document has none. */
  readonly example: unknown;
  /** Of the answer, where one is described. */
  readonly reply: Schema | undefined;
}

/** As a page names it. */
export function shownType({ isAny, type }: MessageDoc): string {
  return isAny ? "any other" : type;
}

export interface ChannelDoc
  extends Pick<TidingsChannel, "history" | "presence" | "snapshot" | "overflow" | "subscribe" | "publish" | "tasks"> {
  readonly pattern: string;
  readonly summary: string | undefined;
  readonly params: readonly ParamDoc[];
  readonly events: readonly MessageDoc[];
  /** The events that clients may publish, with what they have to send. */
  readonly publishable: readonly MessageDoc[];
}

/** A credential that a page can give by itself. */
export type PagePlace = Extract<CredentialPlace["place"], "subprotocol" | "query" | "message">;

export function readApi(document: AsyncApiDocument): Api {
  const resolve: Resolve = (reference) => found(document, reference) as Schema | undefined; // where a schema is referred to
  const message = ({ $ref }: { readonly $ref: string }) => found(document, $ref) as MessageObject | undefined;
  const read = (given: MessageObject) => messageOf(given, resolve);
  const everyMessage = Object.values(document.components.messages);
  const channels = new Map(
    Object.entries(document["x-tidings-channels"]).map(([pattern, channel]) => {
      const { summary, params, events, ...facts } = channel;
      const publishable = distinct(
        everyMessage.filter(({ "x-tidings": { role, channel } }) => role === "publish" && channel === pattern),
      );
      const doc: ChannelDoc = {
        ...facts,
        pattern,
        summary,
        params: paramsOf(params),
        events: Object.values(events).map(message).filter(isThere).map(read),
        publishable: publishable.map((each) => publishOf(each, resolve)),
      };
      return [pattern, doc];
    }),
  );
  return {
    title: document.info.title,
    version: document.info.version === UNVERSIONED ? undefined : document.info.version,
    description: document.info.description,
    endpoints: Object.entries(document.channels).map(([key, channel]) => {
      const messages = Object.values(channel.messages).map(message).filter(isThere);
      return endpointOf(key, channel, messages, channels, resolve);
    }),
    channels,
    servers: Object.values(document.servers ?? {}).map(({ host, protocol, pathname = "" }) =>
      `${protocol}://${host}${pathname}`.replace(/\/$/, ""),
    ),
  };
}

/** What stands in a document, which must have one, of an app without. */
const UNVERSIONED = "0.0.0";

function endpointOf(
  key: string,
  channel: ChannelObject,
  messages: readonly MessageObject[],
  channels: ReadonlyMap<string, ChannelDoc>,
  resolve: Resolve,
): EndpointDoc {
  const { channels: patterns, ...facts } = channel["x-tidings"];
  const ofRole = (role: string) => messages.filter((message) => message["x-tidings"].role === role);
  const replies = new Map(
    ofRole("reply").map((message) => [message["x-tidings"].replyTo, payloadOf(message, resolve)]),
  );
  const inQuery = facts.credentials.filter(({ place }) => place === "query").map(({ name }) => name);
  const query = channel.bindings.ws.query === undefined ? undefined : fieldOf(channel.bindings.ws.query, resolve);
  return {
    ...facts,
    key,
    path: channel.title,
    summary: channel.summary,
    description: channel.description,
    params: paramsOf(channel.parameters ?? {}),
    query: query?.kind === "group" ? query.members.filter(({ name }) => !inQuery.includes(name)) : [],
    says: ofRole("receives").map((message) => ({ ...messageOf(message, resolve), reply: replies.get(message.name) })),
    hears: ofRole("sends").map((message) => messageOf(message, resolve)),
    channels: patterns.map((pattern) => channels.get(pattern)).filter(isThere),
    isOutOfReach: facts.credentials.length > 0 && facts.credentials.every(({ place }) => place === "header"),
  };
}

/** Those of its credentials that a page can give, the best first: what is in an address gets into logs. */
export function pagePlacesOf({ credentials }: Pick<EndpointDoc, "credentials">): PagePlace[] {
  const order: readonly PagePlace[] = ["subprotocol", "message", "query"];
  return order.filter((each) => credentials.some(({ place }) => place === each));
}

/** Only those that a page can't see are left out: with its name, where the credential is a cookie. */
export function cookieOf({ credentials }: Pick<EndpointDoc, "credentials">): string | undefined {
  return credentials.find(({ place }) => place === "cookie")?.name;
}

function messageOf(message: MessageObject, resolve: Resolve): MessageDoc {
  const { type, payload: schema = true } = propertiesOf(message.payload, resolve);
  return {
    ...typeOf(type, message.name),
    title: message.title,
    summary: message.summary,
    description: message.description,
    schema,
    field: fieldOf(schema, resolve),
    example: Object(message.examples?.[0]?.payload).payload,
    reply: undefined,
  };
}

/** Of a `publish` it is the event that is shown: what is around it says the page itself. */
function publishOf(message: MessageObject, resolve: Resolve): MessageDoc {
  const around = propertiesOf(payloadOf(message, resolve), resolve);
  const schema = around.payload ?? true;
  return {
    ...messageOf(message, resolve),
    ...typeOf(around.type, message["x-tidings"].event ?? message.name),
    schema,
    field: fieldOf(schema, resolve),
    example: Object(Object(message.examples?.[0]?.payload).payload).payload,
  };
}

function typeOf(schema: Schema | undefined, name: string): Pick<MessageDoc, "type" | "isAny"> {
  const isAny = typeof schema === "object" && !("const" in schema);
  return { isAny, type: isAny ? "anything" : name };
}

/** The payload's schema within that of the whole message. */
function payloadOf(message: MessageObject, resolve: Resolve): Schema {
  return propertiesOf(message.payload, resolve).payload ?? true;
}

function propertiesOf(schema: Schema, resolve: Resolve): Readonly<Record<string, Schema>> {
  if (typeof schema === "boolean") return {};
  if (typeof schema.$ref === "string") return propertiesOf(resolve(schema.$ref) ?? true, resolve);
  return Object(schema.properties);
}

function paramsOf(parameters: Readonly<Record<string, ParameterObject>>): ParamDoc[] {
  return Object.entries(parameters).map(([name, { description, enum: choices, default: initial, examples }]) => ({
    name,
    description,
    choices,
    initial: initial ?? examples?.[0] ?? choices?.[0] ?? "",
  }));
}

/** The same event is described once for each endpoint that it can be published at. */
function distinct(messages: readonly MessageObject[]): MessageObject[] {
  return [...new Map(messages.map((message) => [message["x-tidings"].event, message])).values()];
}

/** What a JSON pointer of this document names (RFC 6901). */
function found(document: object, reference: string): unknown {
  if (!reference.startsWith("#/")) return undefined;
  let at: unknown = document;
  for (const part of reference.slice(2).split("/")) {
    const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}

function isThere<Value>(value: Value | undefined): value is Value {
  return value !== undefined;
}

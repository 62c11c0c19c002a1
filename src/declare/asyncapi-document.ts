import type { RateLimit } from "../protocol/limits.js";
import type { JsonSchema } from "../schema/json-schema.js";

/**
 * An AsyncAPI 3.0 document of an app, as JSON: what is written here and nothing else.
 *
 * An endpoint is what AsyncAPI calls a channel. What this package calls channels (rooms, topics, a user's inbox) AsyncAPI has
 * no word for: they are in `x-tidings-channels`, and their events are messages of each endpoint that lists them.
 */
export interface AsyncApiDocument {
  readonly asyncapi: "3.0.0";
  readonly info: DocumentInfo;
  /** Where it listens, while it does. */
  readonly servers?: Readonly<Record<string, ServerObject>> | undefined;
  readonly defaultContentType: "application/json";
  /** The endpoints, by a readable name such as `ws_rooms_room`. */
  readonly channels: Readonly<Record<string, ChannelObject>>;
  readonly operations: Readonly<Record<string, OperationObject>>;
  readonly components: ComponentsObject;
  /** The app's channels that clients can be on, by pattern, such as `chat/:room`. */
  readonly "x-tidings-channels": Readonly<Record<string, TidingsChannel>>;
}

export interface DocumentInfo {
  readonly title: string;
  readonly version: string;
  /** CommonMark. */
  readonly description?: string | undefined;
}

export interface ServerObject {
  /** With the port, where it is not the protocol's own. */
  readonly host: string;
  readonly protocol: "ws" | "wss";
  /** What stands before each address; absent where nothing does. */
  readonly pathname?: string | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
}

/** Such as `{"$ref":"#/components/messages/chat_room.said"}`. Each points into this document. */
export interface Reference {
  readonly $ref: string;
}

/** An endpoint. */
export interface ChannelObject {
  /** Its path, such as `/ws/rooms/{room}`. */
  readonly address: string;
  /** The path as it was declared, such as `/ws/rooms/:room`. */
  readonly title: string;
  readonly summary?: string | undefined;
  /** CommonMark. */
  readonly description?: string | undefined;
  /** Exactly those of the address. */
  readonly parameters?: Readonly<Record<string, ParameterObject>> | undefined;
  /** All that can be said here, in both directions. Each is a message of `components`. */
  readonly messages: Readonly<Record<string, Reference>>;
  readonly bindings: { readonly ws: WebSocketBinding };
  readonly "x-tidings": EndpointExtension;
}

/** A parameter of a path: always a text there. */
export interface ParameterObject {
  readonly description?: string | undefined;
  readonly enum?: readonly string[] | undefined;
  readonly default?: string | undefined;
  readonly examples?: readonly string[] | undefined;
  /** What the endpoint's `params` make of it; absent where it has none. */
  readonly "x-tidings"?: { readonly schema: JsonSchema } | undefined;
}

/** The handshake. Both schemas are objects with `properties`. */
export interface WebSocketBinding {
  readonly method: "GET";
  /** With `token`, where a credential may be in the query. */
  readonly query?: JsonSchema | undefined;
  readonly headers?: JsonSchema | undefined;
  readonly bindingVersion: "0.1.0";
}

export interface EndpointExtension {
  /** `messages`: JSON messages in text frames (PROTOCOL.md). `frames`: text and bytes, as they are. */
  readonly kind: "messages" | "frames";
  /** The endpoint's own, beside `tidings.v1`. */
  readonly subprotocols: readonly string[];
  /** How plain clients are refused. */
  readonly refuse: "http" | "close";
  /** In the place of 1008. */
  readonly closeCodes: {
    readonly unauthorized?: number | undefined;
    readonly token_expired?: number | undefined;
    readonly forbidden?: number | undefined;
  };
  /** Where a credential may be; where there is more than one, the first that is there decides. */
  readonly credentials: readonly CredentialPlace[];
  /** Does it ask nobody who they are? Needs of its own may still refuse. */
  readonly isOpenToAll: boolean;
  readonly limits: EndpointLimitsTold;
  /** Patterns, as in `x-tidings-channels`. */
  readonly channels: readonly string[];
}

export interface CredentialPlace {
  readonly place: "header" | "subprotocol" | "query" | "cookie" | "message";
  /** Of the header, the parameter of the query or the cookie. */
  readonly name?: string | undefined;
  /** Its key in `components.securitySchemes`. */
  readonly scheme: string;
}

/** Of the limits those that a client feels: bytes, milliseconds, counts. */
export interface EndpointLimitsTold {
  readonly messageSize: number;
  readonly fragments: number;
  readonly messages: RateLimit;
  readonly messagesPerUser?: RateLimit | undefined;
  readonly control: RateLimit;
  readonly strikes: RateLimit;
  readonly channels: number;
  readonly connectionsPerUser: number;
  readonly outbox: number;
  readonly handler?: number | undefined;
  /** For the credential, or `connect`, to come. */
  readonly auth: number;
  readonly heartbeat: number;
  readonly pong: number;
  readonly historyPage: number;
}

export interface OperationObject {
  /** Of the server: `receive` is what clients say. */
  readonly action: "receive" | "send";
  readonly channel: Reference;
  readonly title?: string | undefined;
  readonly summary?: string | undefined;
  /** Of the channel's messages, not of the components': one of them. */
  readonly messages: readonly Reference[];
  /** Where what is said is answered: the answer first, then `error`. */
  readonly reply?: { readonly channel: Reference; readonly messages: readonly Reference[] } | undefined;
  /** Any of them will do. */
  readonly security?: readonly Reference[] | undefined;
}

export interface ComponentsObject {
  readonly messages: Readonly<Record<string, MessageObject>>;
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>;
}

export interface MessageObject {
  /** The type on the wire, such as `say`; of frames `text` or `binary`. */
  readonly name: string;
  readonly title?: string | undefined;
  readonly summary?: string | undefined;
  /** CommonMark. */
  readonly description?: string | undefined;
  /** Of frames `text/plain` or `application/octet-stream`; otherwise JSON. */
  readonly contentType?: string | undefined;
  /** All that goes over the wire: an object with `type`; what the app gave a schema for is its `properties.payload`. */
  readonly payload: JsonSchema;
  /** Where it carries an `id`. */
  readonly correlationId?: { readonly location: string; readonly description?: string | undefined } | undefined;
  /** Each is all that goes over the wire, and fits `payload`. */
  readonly examples?: readonly MessageExample[] | undefined;
  readonly "x-tidings": MessageExtension;
}

export interface MessageExample {
  readonly name: string;
  readonly summary?: string | undefined;
  readonly payload: unknown;
}

export interface MessageExtension {
  /**
   * `receives`, `sends`: what the endpoint declares. `reply`: the answer to `replyTo`. `event`: of a channel. `publish`: what a
   * client says to publish an event. `protocol`: the protocol's own. `frame`: of a raw endpoint.
   */
  readonly role: "receives" | "sends" | "reply" | "event" | "publish" | "protocol" | "frame";
  /** Who says it. */
  readonly from: "client" | "server";
  /** The pattern of the channel that it is about, where it is about one alone. */
  readonly channel?: string | undefined;
  /** The type on the wire of what it answers. */
  readonly replyTo?: string | undefined;
  /** The event that is published. */
  readonly event?: string | undefined;
  /** Only clients that speak the subprotocol `tidings.v1` say or hear it. */
  readonly isOfSubprotocol?: true | undefined;
}

/** A channel of this package: a room, a topic, an inbox. */
export interface TidingsChannel {
  readonly summary?: string | undefined;
  /** One for each param of the pattern, in its order. */
  readonly params: Readonly<Record<string, ParameterObject>>;
  /** What is kept for who comes later. */
  readonly history: { readonly size: number; readonly ttlMs: number } | null;
  /** Can be asked, and watched, who is here. */
  readonly presence: boolean;
  /** Who arrives is told the present state. */
  readonly snapshot: boolean;
  /** What becomes of events that somebody does not read fast enough. */
  readonly overflow: "disconnect" | "catch-up" | "drop-oldest" | "drop-newest" | "keep-latest";
  /** May clients subscribe? `asked`: some may, the app decides. */
  readonly subscribe: Permission;
  readonly publish: Permission;
  /** Are these a user's tasks, which may be cancelled? */
  readonly tasks: boolean;
  /** Event → its message, of the components. */
  readonly events: Readonly<Record<string, Reference>>;
}
export type Permission = "yes" | "no" | "asked";

export type SecurityScheme =
  | { readonly type: "http"; readonly scheme: "bearer"; readonly description?: string | undefined }
  | {
      readonly type: "httpApiKey";
      readonly in: "query" | "header" | "cookie";
      readonly name: string;
      readonly description?: string | undefined;
    }
  | { readonly type: "apiKey"; readonly in: "user" | "password"; readonly description?: string | undefined };

import { defaultLimits } from "./limits.js";
import { isMessageType, isPublishKey } from "./names.js";
import { type Issue, TidingsError } from "./tidings-error.js";

/** A place in a channel's stream, as a client tells where it stood. */
export interface StreamPosition {
  readonly epoch: string;
  readonly offset: number;
}

export interface SubscribeRequest {
  readonly channel: string;
  readonly since: StreamPosition | undefined;
  readonly rewind: number | undefined;
  readonly presence: boolean;
}
export interface PublishRequest {
  readonly channel: string;
  readonly type: string;
  readonly payload: unknown;
  readonly key: string | undefined;
}
export interface PresenceRequest {
  readonly channel: string;
  /** Undefined: as it was. */
  readonly watch: boolean | undefined;
}
export interface HistoryRequest {
  readonly channel: string;
  readonly limit: number | undefined;
  readonly before: number | undefined;
}

/*
 * Each reads the payload of a client's message about a channel. What does not fit throws a `TidingsError` `invalid_payload`
 * whose issues say where. Fields that are not known are ignored, and so is what a channel's name looks like.
 */

export function parseSubscribe(payload: unknown): SubscribeRequest {
  const fields = new Fields(payload);
  const request = {
    channel: fields.text("channel"),
    since: fields.optional("since", parsePosition, 'A position is needed here, like {"epoch":"k3","offset":41}.'),
    rewind: fields.count("rewind"),
    presence: fields.flag("presence") ?? false,
  };
  if (request.since !== undefined && request.rewind !== undefined)
    fields.fail("rewind", "Not both `since` and `rewind`.");
  return fields.finish(request);
}

export function parseUnsubscribe(payload: unknown): { readonly channel: string } {
  const fields = new Fields(payload);
  return fields.finish({ channel: fields.text("channel") });
}

export function parsePublish(payload: unknown): PublishRequest {
  const fields = new Fields(payload);
  const isType = (value: unknown) => (isMessageType(value) ? value : undefined);
  const isKey = (value: unknown) => (isPublishKey(value) ? value : undefined);
  const given = fields.value("payload");
  return fields.finish({
    channel: fields.text("channel"),
    type: fields.required("type", isType, "The name of an event is needed here."),
    payload: given === undefined ? {} : given,
    key: fields.optional("key", isKey, "A text of 1–64 characters is needed here."),
  });
}

export function parsePresence(payload: unknown): PresenceRequest {
  const fields = new Fields(payload);
  return fields.finish({ channel: fields.text("channel"), watch: fields.flag("watch") });
}

export function parseHistory(payload: unknown): HistoryRequest {
  const fields = new Fields(payload);
  return fields.finish({
    channel: fields.text("channel"),
    limit: fields.count("limit"),
    before: fields.count("before"),
  });
}

export function parseTaskCancel(payload: unknown): { readonly task: string } {
  const fields = new Fields(payload);
  return fields.finish({ task: fields.text("task") });
}

/** What `connect` says in its `since`: channel → position. Undefined where it does not fit. */
export function parseSince(since: unknown): ReadonlyMap<string, StreamPosition> | undefined {
  if (since === undefined) return new Map();
  if (typeof since !== "object" || since === null || Array.isArray(since)) return undefined;
  const positions = new Map<string, StreamPosition>();
  for (const [channel, given] of Object.entries(since)) {
    const position = parsePosition(given);
    if (position === undefined) return undefined;
    positions.set(channel, position);
  }
  return positions;
}

/** The channel that a message names, where it names one. */
export function channelIn(payload: unknown): string | undefined {
  const channel = ownField(payload, "channel");
  const isShort = typeof channel === "string" && channel.length <= defaultLimits.channelName;
  return isShort ? channel : undefined;
}

function parsePosition(given: unknown): StreamPosition | undefined {
  const epoch = ownField(given, "epoch");
  const offset = ownField(given, "offset");
  const isEpoch = typeof epoch === "string" && epoch !== "" && epoch.length <= MAX_EPOCH_LENGTH;
  return isEpoch && isCount(offset) ? { epoch, offset } : undefined;
}

/** Characters (PROTOCOL.md, What a client may send). */
const MAX_EPOCH_LENGTH = 32;

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function ownField(object: unknown, name: string): unknown {
  if (typeof object !== "object" || object === null || !Object.hasOwn(object, name)) return undefined;
  return (object as Readonly<Record<string, unknown>>)[name];
}

/** Reads fields, and remembers what does not fit. */
class Fields {
  readonly #payload: unknown;
  readonly #issues: Issue[] = [];

  constructor(payload: unknown) {
    this.#payload = payload;
  }

  value(name: string): unknown {
    return ownField(this.#payload, name);
  }

  required<Value>(name: string, parse: (value: unknown) => Value | undefined, message: string): Value {
    const parsed = parse(this.value(name));
    if (parsed === undefined) this.fail(name, message);
    return parsed as Value; // where it is none, `finish` throws
  }

  optional<Value>(name: string, parse: (value: unknown) => Value | undefined, message: string): Value | undefined {
    return this.value(name) === undefined ? undefined : this.required(name, parse, message);
  }

  text(name: string): string {
    return this.required(name, (value) => (typeof value === "string" ? value : undefined), "A text is needed here.");
  }

  count(name: string): number | undefined {
    const parse = (value: unknown) => (isCount(value) ? value : undefined);
    return this.optional(name, parse, "A whole number of at least 0 is needed here.");
  }

  flag(name: string): boolean | undefined {
    const parse = (value: unknown) => (typeof value === "boolean" ? value : undefined);
    return this.optional(name, parse, "true or false is needed here.");
  }

  fail(name: string, message: string): void {
    this.#issues.push({ path: [name], message });
  }

  finish<Request>(request: Request): Request {
    if (this.#issues.length === 0) return request;
    throw new TidingsError("invalid_payload", undefined, { issues: this.#issues });
  }
}

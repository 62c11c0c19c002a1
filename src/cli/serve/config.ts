import type { JwtOptions } from "../../auth/index.js";
import type {
  AppOptions,
  Duration,
  EndpointLimits,
  HistoryOptions,
  HttpOptions,
  LogOptions,
  Schema,
} from "../../index.js";
import type { RedisOptions } from "../../redis/index.js";
import type { JsonSchema } from "./json-schema.js";

/** What `tidings serve` goes by, after it was checked: `config-schema.ts` says what each is. */
export interface ServeConfig
  extends Pick<AppOptions, "limits" | "origins" | "heartbeat" | "trustProxy" | "compression" | "drain" | "info"> {
  readonly workers?: number | undefined;
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly endpoints?: Readonly<Record<string, EndpointConfig>> | undefined;
  readonly channels?: Readonly<Record<string, ChannelConfig>> | undefined;
  readonly jwt?: JwtConfig | undefined;
  readonly redis?: Pick<
    RedisOptions,
    "url" | "prefix" | "timeout" | "lease" | "whenUnavailable" | "queue" | "replicas"
  >;
  readonly http?: HttpConfig | undefined;
  readonly webhooks?: WebhooksConfig | undefined;
  readonly log?: LogOptions | undefined;
}

export interface EndpointConfig {
  readonly summary?: string | undefined;
  readonly auth?: "required" | "none" | undefined;
  readonly channels?: readonly string[] | undefined;
  readonly join?: readonly string[] | undefined;
  readonly tasks?: boolean | undefined;
  readonly receives?: "webhook" | Readonly<Record<string, EventSchema>> | undefined;
  readonly limits?: EndpointLimits | undefined;
}

export type Rule = "everybody" | "users" | "nobody" | "webhook";
export type EventSchema = JsonSchema | boolean;

export interface ChannelConfig {
  readonly summary?: string | undefined;
  readonly subscribe?: Rule | undefined;
  readonly publish?: Rule | undefined;
  /** Param → the claim that it must be. */
  readonly match?: Readonly<Record<string, string>> | undefined;
  readonly events?: Readonly<Record<string, EventSchema>> | undefined;
  readonly history?: HistoryOptions | undefined;
  readonly presence?: boolean | readonly string[] | undefined;
  readonly overflow?: "disconnect" | "catch-up" | "drop-oldest" | "drop-newest" | undefined;
}

export interface JwtConfig extends Omit<JwtOptions<Schema>, "claims" | "key"> {
  readonly key?: string | undefined;
  readonly claims?: JsonSchema | undefined;
}

export interface HttpConfig extends Omit<HttpOptions, "guard" | "docs" | "dashboard" | "metrics"> {
  readonly docs?: boolean | undefined;
  readonly dashboard?: boolean | undefined;
  readonly metrics?: boolean | undefined;
  /** Name → password of who may see the pages. */
  readonly users?: Readonly<Record<string, string>> | undefined;
}

export interface WebhooksConfig {
  readonly url?: string | undefined;
  readonly secret?: string | undefined;
  readonly hooks?: readonly ("connect" | "disconnect")[] | undefined;
  readonly timeout?: Duration | undefined;
  readonly atOnce?: number | undefined;
  readonly waiting?: number | undefined;
  readonly failures?: number | undefined;
  readonly rest?: Duration | undefined;
  readonly from?: JwtOptions<Schema>["from"];
  readonly cookie?: string | undefined;
  readonly headers?: readonly string[] | undefined;
  readonly cookies?: readonly string[] | undefined;
  readonly query?: readonly string[] | undefined;
}

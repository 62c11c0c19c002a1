/**
 * The server: what is declared (`endpoint`, `channel`, `dependency`), and the app that serves it (`createApp`).
 *
 * @module tidings
 */
export { createApp } from "./app/app.js";
export { createLogger, type LogFormat, type LogOptions } from "./app/app-logger.js";
export type { AppOptions, DrainOptions, ErrorPlace } from "./app/app-options.js";
export {
  type EnvironmentVariable,
  type ProcessEnvironment,
  type ReadVariables,
  readEnvironment,
  type VariableKind,
} from "./app/environment.js";
export { environmentVariables } from "./app/environment-variables.js";
export type { HeartbeatOptions } from "./app/routes.js";
export { ConfigError } from "./base/config-error.js";
export type { Duration } from "./base/duration.js";
export type { LogLevel } from "./base/log-level.js";
export type { Logger } from "./base/logger.js";
export type { Rate } from "./base/rate.js";
export type { Size } from "./base/size.js";
export type { Broker } from "./broker/broker.js";
export type { ApiKey, ApiOperation, ApiOptions } from "./declare/api-options.js";
export type {
  App,
  BlockedHandler,
  HistoryRequest,
  HttpRequest,
  HttpResponse,
  HttpServer,
  Listening,
  ListenOptions,
  Published,
  PublishOptions,
  RefWithPresence,
  Revoked,
  Stats,
  Stored,
  TlsFiles,
} from "./declare/app.js";
export type { AsyncApiDocument } from "./declare/asyncapi-document.js";
export {
  type AnyChannel,
  type Channel,
  type ChannelGiven,
  type ChannelOptions,
  type ChannelRef,
  channel,
  type HistoryOptions,
  type May,
  type MayPublish,
  type Overflow,
  type SnapshotGiven,
} from "./declare/channel.js";
export type { Closed } from "./declare/closed.js";
export type { AnyConnection, Connection, RawConnection, SendFunction } from "./declare/connection.js";
export type {
  AnyContext,
  Context,
  ContextOf,
  Entry,
  Facts,
  Message,
  Middleware,
  RawContext,
} from "./declare/context.js";
export type {
  Arrivals,
  Carries,
  ChannelContract,
  ContractOf,
  EndpointContract,
  EventOf,
  Params,
} from "./declare/contract.js";
export {
  type Dependencies,
  type Dependency,
  type DependencyOptions,
  dependency,
  type Given,
  type OfApp,
  type OfConnection,
  type Scope,
  type Values,
} from "./declare/dependency.js";
export {
  type AnyEndpoint,
  type CloseCodes,
  type Endpoint,
  type EndpointOptions,
  endpoint,
  type RawEndpoint,
  type RawEndpointOptions,
  rawEndpoint,
} from "./declare/endpoint.js";
export { type GroupOptions, group, type JoinedPath, type Prefixed, type PrefixedContract } from "./declare/group.js";
export type { Handshake } from "./declare/handshake.js";
export type { AppInfo, Guard, HttpOptions, PageOption, Visit } from "./declare/http-options.js";
export type { Identity } from "./declare/identity.js";
export type { AppLimits, EndpointLimits } from "./declare/limits.js";
export type { MetricFamily, MetricSample } from "./declare/metric-family.js";
export type { OpenApiDocument } from "./declare/openapi-document.js";
export { type EventPlace, type StateAt, stateAt } from "./declare/state-at.js";
export type { TracingSource } from "./observe/observe.js";
export type { ErrorCode } from "./protocol/error-codes.js";
export { forbidden, type Issue, TidingsError, unauthorized } from "./protocol/tidings-error.js";
export type { Json, Reply } from "./schema/json.js";
export type { Input, Output, Schema, Schemas } from "./schema/standard.js";

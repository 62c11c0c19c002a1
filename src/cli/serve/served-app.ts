import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { basicAuth } from "../../auth/index.js";
import { durationMs } from "../../base/duration.js";
import type { Logger } from "../../base/logger.js";
import { type App, type Broker, ConfigError, createApp, type HttpOptions, type TlsFiles } from "../../index.js";
import type { EventSchema, ServeConfig, WebhooksConfig } from "./config.js";
import { declareChannels } from "./declared-channels.js";
import { declareEndpoints } from "./declared-endpoints.js";
import { EventSchemas } from "./event-schemas.js";
import { isAsked } from "./findings.js";
import { declarePeople } from "./people.js";
import { Backend } from "./webhooks/backend.js";

/**
 * The app of a configuration, put together and not started.
 *
 * @throws {ConfigError} for what can't be served
 */
export async function makeApp(config: ServeConfig, logger: Logger): Promise<App> {
  const { limits, origins, heartbeat, trustProxy, compression, drain, info, log, http } = config;
  const schemas = await EventSchemas.load(schemasIn(config));
  const backend = backendOf(config, logger);
  const people = declarePeople(config, schemas, backend);
  const channels = declareChannels(config, { people, schemas, backend });
  return createApp({
    endpoints: declareEndpoints(config, channels, { people, schemas, backend }),
    broker: await brokerOf(config),
    limits,
    origins,
    heartbeat,
    trustProxy,
    compression,
    drain,
    info,
    logger,
    log,
    http: http && httpOf(http),
  });
}

/**
 * The certificate and its key.
 *
 * @throws {ConfigError} `tls_unreadable`
 */
export function readTls({ tls }: ServeConfig, folder: string): TlsFiles | undefined {
  if (tls === undefined) return undefined;
  return { cert: readPem("tls.cert", tls.cert, folder), key: readPem("tls.key", tls.key, folder) };
}

function readPem(option: string, file: string | undefined, folder: string): string {
  try {
    return readFileSync(resolve(folder, file ?? ""), "utf8");
  } catch (cause) {
    throw new ConfigError("tls_unreadable", {
      message: `${option} is ${file === undefined ? "missing" : `${file}, which can't be read: ${(cause as NodeJS.ErrnoException).code}`}.`, // which node:fs throws
      fix: "Name two PEM files: the certificate with its chain, and its private key.",
      cause,
    });
  }
}

function schemasIn({ channels = {}, endpoints = {}, jwt }: ServeConfig): EventSchema[] {
  return [
    ...Object.values(channels).flatMap(({ events = {} }) => Object.values(events)),
    ...Object.values(endpoints).flatMap(({ receives }) =>
      typeof receives === "object" ? Object.values(receives) : [],
    ),
    ...(jwt?.claims === undefined ? [] : [jwt.claims]),
  ];
}

/** The defaults are those that `config-schema.ts` tells. */
function backendOf(config: ServeConfig, logger: Logger): Backend | undefined {
  const { webhooks } = config;
  if (webhooks?.url === undefined) {
    if (isAsked(config)) throw noBackend();
    return undefined;
  }
  const { url, timeout = "5s", atOnce = 64, waiting = 1_000, failures = 5, rest = "10s" } = webhooks;
  return new Backend({
    url: checkedUrl(url),
    secret: secretOf(webhooks),
    timeoutMs: durationMs(timeout, "webhooks.timeout"),
    atOnce,
    waiting,
    failures,
    restMs: durationMs(rest, "webhooks.rest"),
    clock: { elapsed: () => performance.now() },
    notice: ({ event, hook, reason, times = 1, retryAfterMs }) => {
      if (event === "webhook_circuit_closed") logger.info({ event, hook }, `the backend answers \`${hook}\` again`);
      else if (event === "webhook_failed") {
        const often = times === 1 ? "" : ` (${times} times)`;
        logger.warn({ event, hook, reason, times }, `webhook \`${hook}\`: ${reason}${often}`);
      } else {
        const text = `webhook \`${hook}\` is not asked for ${retryAfterMs} ms: ${reason}`;
        logger.warn({ event, hook, reason, retryAfterMs }, text);
      }
    },
  });
}

/** A rule that nobody decides by must not be taken for one that holds. */
function noBackend(): ConfigError {
  return new ConfigError("missing_backend", {
    message:
      'Your backend is to decide something (webhooks.hooks, a rule "webhook", or `receives`), and there is no webhooks.url.',
    fix: "Set webhooks.url and webhooks.secret (TIDINGS_WEBHOOKS_URL, TIDINGS_WEBHOOKS_SECRET).",
  });
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isAddress = url?.protocol === "https:" || url?.protocol === "http:";
  if (isAddress && url.username === "" && url.password === "") return text;
  throw new ConfigError("invalid_webhooks", {
    // Without the address itself: it may hold a password.
    message: `webhooks.url ${isAddress ? "has a user name or a password in it" : "is no address that can be asked"}.`,
    fix: "Write one that begins with https:// or http://; what asks is known by its signature.",
  });
}

function secretOf({ secret }: WebhooksConfig): string {
  if (secret !== undefined && Buffer.byteLength(secret) >= 32) return secret;
  throw new ConfigError("invalid_webhooks", {
    message: `webhooks.secret ${secret === undefined ? "is missing" : "has fewer than 32 bytes"}: your backend could not know who asks.`,
    fix: "Make one with openssl rand -base64 32, and give it to both (TIDINGS_WEBHOOKS_SECRET).",
  });
}

async function brokerOf({ redis: options }: ServeConfig): Promise<Broker | undefined> {
  if (options?.url === undefined) return undefined;
  const { redis } = await import("../../redis/index.js");
  return redis(options);
}

function httpOf({ users, ...http }: NonNullable<ServeConfig["http"]>): HttpOptions {
  return users === undefined ? http : { ...http, guard: basicAuth({ users }) };
}

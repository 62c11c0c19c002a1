import type { AnyContext, Entry } from "../declare/context.js";
import type { Authenticated, Identity } from "../declare/credential.js";
import { parseSubprotocols, selectSubprotocol } from "../protocol/subprotocol.js";
import { TidingsError, unauthorized } from "../protocol/tidings-error.js";
import type { Schema } from "../schema/standard.js";
import { validate } from "../schema/validate.js";
import type { Upgrade } from "../transport/transport.js";
import type { Environment } from "./environment.js";
import { HandshakeRequest } from "./request.js";
import type { Route } from "./route.js";

/** Who may enter, and with what. */
export interface Admission {
  readonly params: unknown;
  readonly query: unknown;
  readonly user: Identity | undefined;
  readonly expiresAtMs: number | undefined;
}

/**
 * Is it a WebSocket handshake at all? Then the subprotocols it offers.
 *
 * @throws TidingsError `upgrade_required` or `bad_request` (RFC 6455 §4.2.1)
 */
export function checkUpgrade(upgrade: Upgrade): readonly string[] {
  if (upgrade.method !== "GET" || upgrade.header("upgrade")?.toLowerCase() !== "websocket") {
    throw new TidingsError("upgrade_required");
  }
  if (upgrade.header("sec-websocket-version") !== "13") {
    throw new TidingsError("upgrade_required", "Only version 13 of the WebSocket protocol is spoken here.");
  }
  // 16 bytes in base64 (RFC 6455 §4.1): 22 characters and the padding.
  if (!/^[+/0-9A-Za-z]{22}==$/.test(upgrade.header("sec-websocket-key") ?? "")) {
    throw new TidingsError("bad_request", "The header Sec-WebSocket-Key is missing or malformed.");
  }
  const offered = parseSubprotocols(upgrade.header("sec-websocket-protocol"));
  if (offered === undefined) throw new TidingsError("bad_request", "The header Sec-WebSocket-Protocol is malformed.");
  return offered;
}

export function subprotocolFor(route: Route, offered: readonly string[]): string | undefined {
  return selectSubprotocol(offered, route.endpoint.subprotocols);
}

/**
 * The checks of one endpoint, in the order of PROTOCOL.md: path and query schema, credential, `allow`.
 *
 * Rejects with the first that fails: a `TidingsError` refuses with its code, anything else is `internal`.
 */
export async function admit(
  upgrade: Upgrade,
  route: Route,
  params: Readonly<Record<string, string>>,
  environment: Environment,
): Promise<Admission> {
  const { endpoint } = route;
  const request = new HandshakeRequest(upgrade, params);
  request.checkTokens();
  const validParams = endpoint.params === undefined ? params : await fitTo(endpoint.params, params, "path");
  const validQuery = endpoint.query === undefined ? request.query : await fitTo(endpoint.query, request.query, "query");
  const { user, expiresAtMs } = await authenticate(route, request, environment);
  if (endpoint.allow !== undefined) {
    const entry: Entry<AnyContext> = { app: environment.app, params: validParams, query: validQuery, user, request };
    if ((await endpoint.allow(entry)) !== true) throw new TidingsError("forbidden");
  }
  return { params: validParams, query: validQuery, user, expiresAtMs };
}

async function fitTo(schema: Schema, value: unknown, where: string): Promise<unknown> {
  const validated = await validate(schema, value);
  if ("value" in validated) return validated.value;
  const [first] = validated.issues;
  throw new TidingsError(
    "bad_request",
    `The ${where} does not fit: ${first?.path.join(".") ?? ""} ${first?.message ?? ""}`,
    {
      issues: validated.issues,
    },
  );
}

async function authenticate(
  { endpoint: { auth } }: Route,
  request: HandshakeRequest,
  { overrides, clock }: Environment,
): Promise<Authenticated<Identity> | { user: undefined; expiresAtMs?: undefined }> {
  if (auth === undefined) return { user: undefined };
  const given = { request, tokens: request.tokens, nowMs: clock.now() };
  const override = overrides.get(auth);
  if (override === undefined) return auth.authenticate(given);
  const token = request.tokens.header ?? request.tokens.query[0];
  if (token === undefined) throw unauthorized("A token is needed.");
  return { user: await override({ ...given, token }) };
}

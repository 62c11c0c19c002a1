import type {
  CredentialPlace,
  ParameterObject,
  SecurityScheme,
  WebSocketBinding,
} from "../declare/asyncapi-document.js";
import type { CredentialWay } from "../declare/credential.js";
import type { EndpointDefinition } from "../declare/endpoint.js";
import { tidingsV1 } from "../protocol/subprotocol.js";
import type { JsonSchema } from "../schema/json-schema.js";
import type { Draft } from "./draft.js";
import { exampleOf } from "./example.js";
import { plainParameter } from "./listed-channel.js";
import { toKey } from "./names.js";

/** `/ws/rooms/:room` → `/ws/rooms/{room}`; what stands in it else is percent-encoded as in a request. */
export function addressOf({ pattern }: EndpointDefinition): string {
  const segments = pattern.source.split("/");
  return segments
    .map((segment) => (segment.startsWith(":") ? `{${segment.slice(1)}}` : encodeSegment(segment)))
    .join("/");
}

/** The parameters of the path, as its schema describes them where there is one. */
export function parametersOf(
  draft: Draft,
  { pattern, params }: EndpointDefinition,
  key: string,
): Readonly<Record<string, ParameterObject>> | undefined {
  if (pattern.paramNames.length === 0) return undefined;
  const where = `${pattern.source}, params`;
  const json = params && draft.schemas.read(params, "arrives", `${key}.params`, where);
  const { properties = {} } = (json && draft.schemas.resolve(json)) ?? {};
  return Object.fromEntries(
    pattern.paramNames.map((name) => {
      const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return [name, typeof own === "object" ? parameterOf(draft, name, own) : plainParameter(name)];
    }),
  );
}

/** In a path all is text. */
function parameterOf(draft: Draft, name: string, schema: JsonSchema): ParameterObject {
  const resolve = (json: JsonSchema) => draft.schemas.resolve(json);
  const { description, enum: values, default: otherwise, examples = [] } = resolve(schema) ?? {};
  const made = exampleOf(schema, name, resolve);
  const found = examples.length > 0 ? examples : made === undefined ? [] : [made.value];
  return {
    description,
    enum: values?.map(String),
    default: otherwise === undefined ? undefined : String(otherwise),
    examples: found.map(String),
    "x-tidings": { schema },
  };
}

/** The request that opens a connection. */
export function bindingOf(
  draft: Draft,
  { pattern, query, subprotocols }: EndpointDefinition,
  credentials: readonly CredentialPlace[],
  key: string,
): WebSocketBinding {
  const json = query && draft.schemas.read(query, "arrives", `${key}.query`, `${pattern.source}, query`);
  const { properties: own = {}, ...asked } = (json && draft.schemas.resolve(json)) ?? {};
  const token = credentials.find(({ place }) => place === "query")?.name;
  const properties = { ...own, ...(token !== undefined && { [token]: TOKEN }) };
  return {
    method: "GET",
    ...(Object.keys(properties).length > 0 && { query: { ...asked, type: "object", properties } }),
    headers: { type: "object", properties: headersOf(subprotocols, credentials) },
    bindingVersion: "0.1.0",
  };
}

function headersOf(
  subprotocols: readonly string[],
  credentials: readonly CredentialPlace[],
): Readonly<Record<string, JsonSchema>> {
  const has = (place: CredentialPlace["place"]) => credentials.some((each) => each.place === place);
  const offered = [tidingsV1, ...subprotocols].map((name) => `\`${name}\``).join(", ");
  const cookies = credentials.filter(({ place }) => place === "cookie").map(({ name }) => `\`${name}\``);
  return {
    "Sec-WebSocket-Protocol": {
      type: "string",
      description: `What the client offers to speak: ${offered}.${has("subprotocol") ? ` ${BY_SUBPROTOCOL}` : ""} Or none.`,
    },
    ...(has("header") && { Authorization: { type: "string", description: "`Bearer`, a space, the token." } }),
    ...(cookies.length > 0 && { Cookie: { type: "string", description: `With the cookie ${cookies.join(" or ")}.` } }),
  };
}

/** Where a credential may be, each place once, in the order in which they are looked at. */
export function credentialsOf(
  draft: Draft,
  { speaks }: EndpointDefinition,
  ways: readonly CredentialWay[],
): readonly CredentialPlace[] {
  const found = new Map<string, CredentialPlace>();
  for (const way of ways) {
    // There are no messages of ours on a raw endpoint (PROTOCOL.md, Two kinds of endpoint).
    if (way.place === "message" && speaks.kind === "frames") continue;
    const { key, name, scheme } = schemeOf(way);
    draft.addSecurityScheme(key, scheme);
    found.set(key, { place: way.place, ...(name !== undefined && { name }), scheme: key });
  }
  return [...found.values()];
}

interface NamedScheme {
  readonly key: string;
  readonly name?: string | undefined;
  readonly scheme: SecurityScheme;
}

function schemeOf({ place, cookie = "" }: CredentialWay): NamedScheme {
  switch (place) {
    case "header": {
      const description = "In the handshake's `Authorization` header: `Bearer`, a space, the token.";
      return { key: "header", name: "Authorization", scheme: { type: "http", scheme: "bearer", description } };
    }
    case "query": {
      const description = "In the query of the address. Use another place where addresses are logged.";
      return { key: "query", name: "token", scheme: { type: "httpApiKey", in: "query", name: "token", description } };
    }
    case "cookie": {
      const description = "A page must be of an origin that may connect.";
      const scheme = { type: "httpApiKey", in: "cookie", name: cookie, description } as const;
      return { key: `cookie.${toKey(cookie)}`, name: cookie, scheme };
    }
    case "subprotocol":
      return {
        key: "subprotocol",
        name: "Sec-WebSocket-Protocol",
        scheme: { type: "apiKey", in: "password", description: BY_SUBPROTOCOL },
      };
    case "message":
      return { key: "message", scheme: { type: "apiKey", in: "password", description: BY_MESSAGE } };
  }
}

const TOKEN: JsonSchema = { type: "string", description: "The credential. Nothing else sees it." };
const BY_SUBPROTOCOL =
  "A token is offered beside another subprotocol, as `bearer.` and the base64url of the token without padding.";
const BY_MESSAGE =
  'The first message says it: `{"type":"auth","payload":{"token":"…"}}`, with the subprotocol `tidings.v1` `{"type":"connect","payload":{"token":"…"}}`.';

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent);
}

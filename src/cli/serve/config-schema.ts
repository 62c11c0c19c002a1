import type { EnvironmentVariable } from "../../index.js";
import { environmentVariables } from "../../index.js";
import type { SettingSchema } from "./json-schema.js";
import type { hooks } from "./webhooks/answer.js";

/**
 * The configuration of `tidings serve`, once and for all: what is read is checked by it, `--schema` prints it for editors,
 * and docs/reference/config.md lists it. What `createApp` takes too comes from the table of its environment variables.
 */
export const configSchema: SettingSchema = withVariables(
  {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "tidings.config.json",
    description: "What `tidings serve` serves. Everything may be left out.",
    ...object({
      $schema: text("For editors: where this schema is."),
      workers: count("How many processes share the port, over Redis.", 1),
      channels: {
        ...mapOf(channelSchema()),
        description: "Channels by pattern, such as `chat/:room`. Nobody may do anything on one that has no rule.",
      },
      endpoints: {
        ...mapOf(endpointSchema()),
        description: "Where clients connect, by path. Default: `/ws`, with all channels.",
      },
      jwt: {
        ...object({
          secret: secret("The shared secret of tokens, 32 bytes or more."),
          key: text("In its place the issuer's public key, as PEM."),
          jwks: text("In their place the https address of the issuer's key set."),
          issuer: text("What `iss` must be."),
          audience: text("What `aud` must be or hold."),
          algorithms: list("What a token may be signed with. Default: what goes with the key."),
          clockSkew: duration("By how much the issuer's clock may differ.", "0s"),
          from: list("Where to look for a token: header, subprotocol, query, cookie, message.", [
            "header",
            "subprotocol",
            "query",
          ]),
          cookie: text("The name of the cookie that holds it, where `from` has `cookie`."),
          deadline: duration("How long a token may take that comes by message.", "10s"),
          claims: { type: "object", description: "A JSON Schema that the claims must fit." },
        }),
        description: "JSON Web Tokens say who users are.",
      },
      webhooks: {
        ...object({
          url: { ...text("Where your backend is asked, by POST."), format: "uri" },
          secret: secret("Signs what it is asked: 32 bytes or more.", { minLength: 32 }),
          hooks: {
            ...list("Which of connect and disconnect it is asked; rules and `receives` say the others.", []),
            items: { type: "string", enum: ["connect", "disconnect"] satisfies readonly (typeof hooks)[number][] },
          },
          timeout: duration("How long one answer may take.", "5s"),
          atOnce: count("Questions of one hook that are under way at once.", 64),
          waiting: count("Questions of one hook that wait for their turn; one more is `unavailable`.", 1_000),
          failures: count("So often in a row your backend is away, and a hook is not asked for `rest`.", 5),
          rest: duration("For how long; then one question decides.", "10s"),
          from: list("Where `connect` looks for a token where there is no `jwt`; none: `[]`.", [
            "header",
            "subprotocol",
            "query",
          ]),
          cookie: text("The name of the cookie that holds it, where `from` has `cookie`."),
          headers: list("Headers of the handshake that `connect` is told.", []),
          cookies: list("Cookies of the handshake that `connect` is told.", []),
          query: list("Parts of the handshake's query that `connect` is told.", []),
        }),
        description: "Your backend decides, in any language.",
      },
      redis: {
        ...object({
          url: secret(
            "`redis[s]://[[user][:password]@]host[:port][/database]`. With it many processes are one server.",
          ),
          prefix: text("Keys and topics begin with it.", "tidings"),
          timeout: duration("How long Redis may be silent before it is taken to be away.", "5s"),
          lease: duration("How long the users of a process that has died are taken to be there.", "60s"),
          whenUnavailable: words("What a publish does while it is away.", ["reject", "queue"], "reject"),
          queue: count("How many publishes wait then.", 1_000),
          replicas: { ...count("How many replicas must have an event before it counts.", 0), minimum: 0 },
          requests: flag("Takes requests of the HTTP API as JSON over Redis too.", false),
        }),
        description: "Redis 7 between processes.",
      },
      tls: {
        ...object({
          cert: text("The certificate's file with its chain, PEM."),
          key: text("Its private key's file, PEM."),
        }),
        description: "For `wss://` without a proxy.",
      },
      http: object({
        users: {
          ...mapOf(secret("A password.")),
          description: "Who may see the pages: name → password, for which the browser asks.",
          writeOnly: true,
        },
        api: object({
          keys: {
            type: "array",
            items: {
              anyOf: [secret("A key."), apiKeySchema()],
              title: "a key of 16 characters or more, or { name, key, may }",
            },
            description: "Who shows one of these may use the HTTP API. Without any there is none.",
            writeOnly: true,
          },
        }),
      }),
    }),
    $defs: {
      duration: {
        type: "string",
        pattern: "^\\d+(\\.\\d+)?(ms|s|m|h|d)$",
        title: 'a duration: a number and a unit (ms, s, m, h or d), like "30s"',
      },
      rate: {
        type: "string",
        pattern: "^[1-9]\\d*/\\d+(\\.\\d+)?(ms|s|m|h|d)$",
        title: 'a rate: a whole number, a slash and a duration, like "10/1s"',
      },
      size: {
        type: "string",
        pattern: "^\\d+(\\.\\d+)?(b|kb|mb)$",
        title: 'a size: a number and a unit (b, kb or mb), like "64kb"',
      },
      port: { type: "integer", minimum: 0, maximum: 65_535, title: "a port: 0 to 65535, 0 for a free one" },
    },
  },
  environmentVariables,
);

function apiKeySchema(): SettingSchema {
  return object(
    {
      name: text("For your own records: it is shown in the place of the key."),
      key: secret("16 characters or more.", { minLength: 16 }),
      may: list("Operations that it may do, such as `publish`. Default: all."),
    },
    ["key"],
  );
}

function channelSchema(): SettingSchema {
  const rules = ["everybody", "users", "nobody", "webhook"];
  return object({
    summary: text("What it is for, in a sentence."),
    subscribe: words(
      "Who may subscribe: everybody, who is a user, nobody, or whom your backend lets.",
      rules,
      "nobody",
    ),
    publish: words("Who of the clients may publish. Your backend may, by the HTTP API.", rules, "nobody"),
    match: {
      ...mapOf(text("The claim of the user that the param must be, or be one of: `sub`, `org.id`.")),
      description:
        'For both rules and for `join`: `{ "user": "sub" }` lets a user to `inbox/:user` of their own alone.',
    },
    events: {
      ...mapOf(eventSchema()),
      description:
        "What may be said: event → JSON Schema, `true` for any payload; `*` is any other event. Default: any.",
    },
    history: {
      ...object({ size: count("How many events."), ttl: duration("For how long.") }, ["size", "ttl"]),
      description: "What is kept for who comes back.",
    },
    presence: {
      anyOf: [{ type: "boolean" }, list("Claims of the user.")],
      title: "true, false, or a list of claims that are shown of a member",
      description: "Who is here can be asked: `true`, or the claims that are shown beside a member's `id`.",
      default: false,
    },
    overflow: words(
      "What happens to who does not read fast enough. Default: `catch-up` with history, otherwise `disconnect`.",
      ["disconnect", "catch-up", "drop-oldest", "drop-newest"],
    ),
  });
}

function endpointSchema(): SettingSchema {
  return object({
    summary: text("What it is for, in a sentence."),
    auth: words("Must who connects be a user?", ["required", "none"], "required"),
    channels: list("Patterns of `channels` whose events may arrive here. Default: all."),
    join: list(
      "Patterns of channels that who connects is put on. Params come from the path, or by the channel's `match`.",
    ),
    tasks: flag("Puts each user on the channel of their tasks.", false),
    receives: {
      anyOf: [{ const: "webhook" }, mapOf(eventSchema())],
      title: '"webhook", or an object of messages and their JSON Schemas',
      description: "What clients may say; your backend answers. `webhook`: anything.",
    },
    limits: limitsSchema(),
  });
}

/** Those of `createApp`, at one endpoint: the same names. */
function limitsSchema(): SettingSchema {
  const ofConnections = [
    ...["messageSize", "fragments", "messages", "messagesPerUser", "control", "strikes", "handler", "outbox"],
    ...["waitingMessages", "waitingBytes", "channels", "connectionsPerUser"],
  ];
  const rows = environmentVariables.filter(({ option }) => ofConnections.some((name) => option === `limits.${name}`));
  return {
    ...object(Object.fromEntries(rows.map((row) => [row.option.slice("limits.".length), settingOf(row, false)]))),
    description: "Limits of this endpoint alone.",
  };
}

function eventSchema(): SettingSchema {
  return { anyOf: [{ type: "object" }, { type: "boolean" }], title: "a JSON Schema, true or false" };
}

function object(properties: Readonly<Record<string, SettingSchema>>, required: readonly string[] = []): SettingSchema {
  return { type: "object", properties, additionalProperties: false, ...(required.length > 0 && { required }) };
}

function mapOf(each: SettingSchema): SettingSchema {
  return { type: "object", additionalProperties: each };
}

function text(description: string, standard?: string): SettingSchema {
  return { type: "string", minLength: 1, description, ...(standard !== undefined && { default: standard }) };
}

function secret(description: string, more: SettingSchema = {}): SettingSchema {
  return { ...text(description), writeOnly: true, ...more };
}

function flag(description: string, standard: boolean): SettingSchema {
  return { type: "boolean", description, default: standard };
}

function count(description: string, standard?: number): SettingSchema {
  return { type: "integer", minimum: 1, description, ...(standard !== undefined && { default: standard }) };
}

function duration(description: string, standard?: string): SettingSchema {
  return { $ref: "#/$defs/duration", description, ...(standard !== undefined && { default: standard }) };
}

function list(description: string, standard?: readonly string[]): SettingSchema {
  const items = { type: "string", minLength: 1 };
  return { type: "array", items, description, ...(standard !== undefined && { default: standard }) };
}

function words(description: string, choices: readonly string[], standard?: string): SettingSchema {
  return { type: "string", enum: choices, description, ...(standard !== undefined && { default: standard }) };
}

/** What a variable fills, in the file. */
function settingOf(
  { kind, what, default: standard, isSecret = false }: EnvironmentVariable,
  hasDefault = true,
): SettingSchema {
  const more = {
    description: what,
    ...(hasDefault && standard !== undefined && { default: defaultOf(kind, standard) }),
    ...(isSecret && { writeOnly: true }),
  };
  switch (kind) {
    case "text":
      return { type: "string", minLength: 1, ...more };
    case "flag":
      return { type: "boolean", ...more };
    case "list":
      return { type: "array", items: { type: "string", minLength: 1 }, ...more };
    case "count":
      return { type: "integer", minimum: 1, ...more };
    case "duration":
    case "rate":
    case "size":
    case "port":
      return { $ref: `#/$defs/${kind}`, ...more };
    default:
      return { type: "string", enum: kind, ...more };
  }
}

/** As the file writes it. */
function defaultOf(kind: EnvironmentVariable["kind"], text: string): unknown {
  switch (kind) {
    case "flag":
      return text === "true";
    case "count":
    case "port":
      return Number(text);
    case "list":
      return text.split(",");
    default:
      return text;
  }
}

/** With each variable's option in its place, where nothing more is said of it. */
function withVariables(schema: SettingSchema, rows: readonly EnvironmentVariable[]): SettingSchema {
  return rows.reduce((whole, row) => withSetting(whole, row.option.split("."), settingOf(row)), schema);
}

function withSetting(schema: SettingSchema, path: readonly string[], setting: SettingSchema): SettingSchema {
  const [name, ...rest] = path;
  const properties = schema.properties ?? {};
  const inner = name !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (name === undefined || (inner !== undefined && rest.length === 0)) return schema;
  const filled = rest.length === 0 ? setting : withSetting(inner ?? object({}), rest, setting);
  return { ...schema, properties: { ...properties, [name]: filled } };
}

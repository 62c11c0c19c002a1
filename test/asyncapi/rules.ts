import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import type { AsyncApiDocument, ChannelObject, Reference } from "../../src/declare/asyncapi-document.js";

/**
 * What is wrong with a document, beyond what AsyncAPI's own parser looks at. Each a sentence.
 *
 * @param secrets what must not be in it
 */
export function findBreaches(document: AsyncApiDocument, secrets: readonly string[] = []): readonly string[] {
  const found = [
    ...notJson(document),
    ...deadRefs(document),
    ...strayParameters(document),
    ...badExamples(document),
    ...badSchemas(document),
    ...badOperations(document),
    ...badCorrelations(document),
    ...badExtensions(document),
    ...unusedComponents(document),
  ];
  const text = JSON.stringify(document);
  const leaks = secrets.filter((secret) => text.includes(secret)).map((secret) => `It tells ${secret}.`);
  // What a function's text looks like, and a JWT.
  const code = /=>|function |\beyJ[\w-]{10,}/.exec(text);
  return [...found, ...leaks, ...(code === null ? [] : [`It has ${code[0]} in it.`])];
}

/** What a `$ref` of a document leads to; undefined where that is nothing. */
export function follow(document: AsyncApiDocument, ref: string): unknown {
  if (!ref.startsWith("#/")) return undefined;
  const steps = ref
    .slice(2)
    .split("/")
    .map((step) => decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~"));
  return steps.reduce<unknown>(
    (at, step) => (Object.hasOwn(Object(at), step) ? Reflect.get(Object(at), step) : undefined),
    document,
  );
}

function notJson(document: AsyncApiDocument): readonly string[] {
  const found: string[] = [];
  visit(document, (value, path) => {
    const isJson = value === null || ["string", "number", "boolean", "object"].includes(typeof value);
    if (!isJson || Number.isNaN(value)) found.push(`${path} is ${String(value)}.`);
  });
  return found;
}

function deadRefs(document: AsyncApiDocument): readonly string[] {
  const found: string[] = [];
  visit(document, (value, path) => {
    const { $ref } = Object(value);
    if (typeof $ref === "string" && follow(document, $ref) === undefined) found.push(`${path} refers to ${$ref}.`);
  });
  return found;
}

function strayParameters({ channels }: AsyncApiDocument): readonly string[] {
  return Object.entries(channels).flatMap(([key, { address, parameters = {} }]) => {
    const used = [...address.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name ?? "");
    const declared = Object.keys(parameters);
    return [
      ...used
        .filter((name) => !declared.includes(name))
        .map((name) => `${key} does not declare its parameter ${name}.`),
      ...declared.filter((name) => !used.includes(name)).map((name) => `${key} has no ${name} in its address.`),
      ...declared
        .filter((name) => (parameters[name]?.examples ?? []).length === 0)
        .map((name) => `${key}: ${name} has no example.`),
    ];
  });
}

/** Draft 07, as AsyncAPI's own schemas; with the formats that it names. */
export function validatorOf(document: AsyncApiDocument): (path: string) => ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  formats.default(ajv);
  ajv.addSchema({ $id: "https://example.com/document", ...document });
  return (path) => ajv.compile({ $ref: `https://example.com/document#${path}` });
}

function badExamples(document: AsyncApiDocument): readonly string[] {
  const validator = validatorOf(document);
  return Object.entries(document.components.messages).flatMap(([key, { examples = [] }]) => {
    if (examples.length === 0) return [];
    const fits = validator(`/components/messages/${escapeStep(key)}/payload`);
    return examples.flatMap(({ name, payload }) => {
      if (fits(payload)) return [];
      const why = fits.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`).join(", ");
      return `The example "${name}" of ${key} does not fit: ${why}.`;
    });
  });
}

function badSchemas({ channels, components }: AsyncApiDocument): readonly string[] {
  const ajv = new Ajv({ strict: false, logger: false });
  const schemas = [
    ...Object.entries(components.schemas),
    ...Object.entries(components.messages).map(([key, { payload }]) => [key, payload] as const),
    ...Object.entries(channels).flatMap(
      ([
        key,
        {
          bindings: { ws },
        },
      ]) => [ws.query, ws.headers].flatMap((schema) => (schema === undefined ? [] : [[key, schema] as const])),
    ),
  ];
  const bad = schemas.filter(([, schema]) => ajv.validateSchema(schema) !== true);
  const handshakes = Object.entries(channels).flatMap(
    ([
      key,
      {
        bindings: { ws },
      },
    ]) =>
      [ws.query, ws.headers]
        .filter((schema) => schema !== undefined && (schema.type !== "object" || schema.properties === undefined))
        .map(() => `${key}: what a binding has must be an object with properties.`),
  );
  return [...bad.map(([key]) => `${key} is no JSON Schema of draft 07.`), ...handshakes];
}

function badOperations(document: AsyncApiDocument): readonly string[] {
  const said = new Set<string>();
  const found = Object.entries(document.operations).flatMap(([key, { action, channel, messages, reply }]) => {
    const isOfChannel = ({ $ref }: Reference) => $ref.startsWith(`${channel.$ref}/messages/`);
    const problems: string[] = [];
    for (const message of [...messages, ...(reply?.messages ?? [])]) {
      said.add(message.$ref);
      if (!isOfChannel(message)) problems.push(`${key} has ${message.$ref}, which is not of its channel.`);
    }
    if (messages.length !== 1) problems.push(`${key} has ${messages.length} messages.`);
    if (reply !== undefined && reply.channel.$ref !== channel.$ref) problems.push(`${key} is answered elsewhere.`);
    const from = action === "receive" ? "client" : "server";
    const says = messages.map(
      ({ $ref }) => Object(follow(document, String(Object(follow(document, $ref)).$ref)))["x-tidings"]?.from,
    );
    if (says.some((each) => each !== from)) problems.push(`${key} is an operation of the wrong side.`);
    return problems;
  });
  const silent = Object.entries(document.channels).flatMap(([key, { messages }]) =>
    Object.keys(messages)
      .map((name) => `#/channels/${escapeStep(key)}/messages/${escapeStep(name)}`)
      .filter((ref) => !said.has(ref))
      .map((ref) => `Nobody says ${ref}.`),
  );
  return [...found, ...silent];
}

function badCorrelations({ components }: AsyncApiDocument): readonly string[] {
  return Object.entries(components.messages).flatMap(([key, { correlationId, payload, name }]) => {
    const [, field] = /^\$message\.payload#\/(\w+)$/.exec(correlationId?.location ?? "") ?? [];
    if (correlationId !== undefined && (field === undefined || payload.properties?.[field] === undefined)) {
      return `${key} has its id in a field that it has not.`;
    }
    const type = Object(payload.properties?.type).const;
    return type === undefined || type === name ? [] : `${key} is called ${name}, and is ${type} on the wire.`;
  });
}

function badExtensions(document: AsyncApiDocument): readonly string[] {
  const { channels, components, "x-tidings-channels": listed } = document;
  return Object.entries(channels).flatMap(([key, { "x-tidings": extension }]: [string, ChannelObject]) => [
    ...extension.channels
      .filter((each) => listed[each] === undefined)
      .map((each) => `${key} lists ${each}, which is not told of.`),
    ...extension.credentials
      .filter(({ scheme }) => components.securitySchemes[scheme] === undefined)
      .map(({ scheme }) => `${key} has the credential ${scheme}, which is not told of.`),
  ]);
}

function unusedComponents(document: AsyncApiDocument): readonly string[] {
  const used = new Set<string>();
  visit(document, (value) => {
    const { $ref } = Object(value);
    if (typeof $ref === "string") used.add($ref);
  });
  return Object.entries(document.components).flatMap(([kind, components]) =>
    Object.keys(components)
      .map((key) => `#/components/${kind}/${escapeStep(key)}`)
      .filter((ref) => ![...used].some((each) => each === ref || each.startsWith(`${ref}/`)))
      .map((ref) => `Nobody refers to ${ref}.`),
  );
}

function visit(value: unknown, see: (value: unknown, path: string) => void, path = "#"): void {
  see(value, path);
  if (typeof value !== "object" || value === null) return;
  for (const [key, part] of Object.entries(value)) visit(part, see, `${path}/${escapeStep(key)}`);
}

function escapeStep(key: string): string {
  return encodeURI(key.replaceAll("~", "~0").replaceAll("/", "~1"));
}

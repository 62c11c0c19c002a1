import type { EndpointDoc, PagePlace } from "./api.js";
import { pathOf } from "./dial.js";

/** What a snippet is to do. */
export interface Task {
  readonly endpoint: Pick<EndpointDoc, "path" | "kind" | "credentials" | "channels" | "subprotocols">;
  readonly server: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Where the token goes; undefined where there is none, or it is a cookie's. */
  readonly place: PagePlace | "header" | undefined;
  /** Something to say; undefined where there is nothing. */
  readonly message: { readonly type: string; readonly payload: unknown } | undefined;
  /** A channel to subscribe to, where there is one. */
  readonly channel:
    | {
        readonly pattern: string;
        readonly name: string;
        readonly params: Readonly<Record<string, string>>;
        readonly event: string | undefined;
      }
    | undefined;
}

export type SnippetLanguage = "client" | "browser" | "python";

/** What stands in the place of a token: no snippet has a real one. */
export const TOKEN_PLACEHOLDER = "<token>";

export function snippetOf(language: SnippetLanguage, task: Task): string {
  switch (language) {
    case "client":
      return task.endpoint.kind === "messages" ? clientSnippet(task) : browserSnippet(task);
    case "browser":
      return browserSnippet(task);
    case "python":
      return pythonSnippet(task);
  }
}

/** TypeScript with our client. */
function clientSnippet(task: Task): string {
  const { endpoint, place, message, channel, query } = task;
  const name = identifierOf(endpoint.path);
  const options = [
    ...(place === undefined ? [] : [`token: ${quoted(TOKEN_PLACEHOLDER)}`]),
    ...(Object.keys(query).length === 0 ? [] : [`query: ${JSON.stringify(query)}`]),
  ];
  const lines = [
    'import { connect } from "tidings/client";',
    `import type { ${name} } from "./app.js"; // the endpoint ${endpoint.path}, by the name that it has in your code`,
    "",
    `const client = connect<typeof ${name}>(${quoted(task.server + pathOf(endpoint.path, task.params))}${options.length === 0 ? "" : `, { ${options.join(", ")} }`});`,
    "client.onStatus((status, why) => console.log(status, why));",
    'client.on("error", (error) => console.error(error.code, error.message));',
  ];
  if (channel !== undefined) {
    const gap = endpoint.channels.find(({ pattern }) => pattern === channel.pattern)?.history
      ? ', { onGap: () => console.log("events were lost here") }'
      : "";
    const params = JSON.stringify(channel.params);
    lines.push("", `const channel = client.subscribe(${quoted(channel.pattern)}, ${params}${gap});`);
    if (channel.event !== undefined)
      lines.push(`channel.on(${quoted(channel.event)}, (payload) => console.log(payload));`);
  }
  if (message !== undefined) {
    lines.push(
      "",
      `const reply = await client.request(${quoted(message.type)}, ${indented(message.payload)});`,
      "console.log(reply);",
    );
  }
  return `${lines.join("\n")}\n`;
}

/** Plain JavaScript, as a page has it: nothing of ours. */
function browserSnippet(task: Task): string {
  const { endpoint, place, message, channel } = task;
  const usesBearer = place === "subprotocol" || place === "header";
  const isToken = place !== undefined;
  const lines = isToken ? [`const token = ${quoted(TOKEN_PLACEHOLDER)};`] : [];
  if (usesBearer) {
    // The bytes of the token as base64url (RFC 4648 §5), as PROTOCOL.md has it.
    const tail = `.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")`;
    lines.push(`const bearer = "bearer." + btoa(token)${tail};`);
  }
  const address = quoted(urlOf(task));
  const url = place === "query" ? `${address} + encodeURIComponent(token)` : address;
  const speaks = usesBearer || endpoint.kind === "messages";
  const protocols = usesBearer ? ', ["tidings.v1", bearer]' : speaks ? ', "tidings.v1"' : "";
  lines.push(`const socket = new WebSocket(${url}${protocols});`, "");
  const opening = openingOf(task, { place, message, channel });
  lines.push("socket.onopen = () => {");
  for (const line of opening) lines.push(`  ${line}`);
  lines.push("};", "socket.onmessage = ({ data }) => {");
  if (endpoint.kind === "messages") {
    lines.push(
      "  const message = JSON.parse(data);",
      '  if (message.type === "ping") socket.send(JSON.stringify({ type: "pong" }));',
      "  else console.log(message);",
    );
  } else lines.push("  console.log(data);");
  lines.push("};", "socket.onclose = ({ code, reason }) => console.log(code, reason);");
  return `${lines.join("\n")}\n`;
}

/** What is said as soon as the socket is open: the server keeps what comes before it has let somebody in. */
function openingOf(
  { endpoint }: Task,
  { place, message, channel }: Pick<Task, "place" | "message" | "channel">,
): string[] {
  if (endpoint.kind === "frames") return ['socket.send("hello");'];
  const says = [`{ type: "connect", payload: {${place === "message" ? " token " : ""}} }`];
  if (channel !== undefined)
    says.push(`{ type: "subscribe", payload: { channel: ${quoted(channel.name)} }, id: "s1" }`);
  if (message !== undefined)
    says.push(`{ type: ${quoted(message.type)}, payload: ${indented(message.payload, "  ")}, id: 1 }`);
  return says.map((said) => `socket.send(JSON.stringify(${said}));`);
}

/** Python 3 with the package `websockets`: no subprotocol, as any program may speak. */
function pythonSnippet(task: Task): string {
  const { endpoint, place, message, channel } = task;
  // A program can send a header, which is in no log: where the endpoint looks there, it goes there.
  const where = endpoint.credentials.some((each) => each.place === "header") && place !== undefined ? "header" : place;
  const lines = [
    "import asyncio",
    "import json",
    ...(where === "subprotocol" ? ["from base64 import urlsafe_b64encode"] : []),
    ...(where === "query" ? ["from urllib.parse import quote"] : []),
    "",
    "from websockets.asyncio.client import connect",
    "",
  ];
  if (where !== undefined) lines.push(`TOKEN = ${quoted(TOKEN_PLACEHOLDER)}`);
  const url = quoted(urlOf({ ...task, place: where }));
  lines.push(where === "query" ? `URL = ${url} + quote(TOKEN, safe="")` : `URL = ${url}`, "", "", "async def main():");
  const options =
    where === "header"
      ? ', additional_headers={"Authorization": f"Bearer {TOKEN}"}'
      : where === "subprotocol"
        ? ', subprotocols=["tidings.v1", "bearer." + urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")]'
        : "";
  lines.push(`    async with connect(URL${options}) as socket:`);
  const say = (said: string) => lines.push(`        await socket.send(${said})`);
  if (endpoint.kind === "frames") say('"hello"');
  else {
    if (where === "subprotocol") say('json.dumps({"type": "connect"})');
    if (where === "message") say('json.dumps({"type": "auth", "payload": {"token": TOKEN}})');
    if (channel !== undefined)
      say(`json.dumps({"type": "subscribe", "payload": {"channel": ${quoted(channel.name)}}, "id": "s1"})`);
    if (message !== undefined)
      say(`json.dumps({"type": ${quoted(message.type)}, "payload": ${pythonOf(message.payload)}, "id": 1})`);
  }
  lines.push("        async for frame in socket:");
  if (endpoint.kind === "frames") lines.push("            print(frame)");
  else {
    lines.push(
      "            message = json.loads(frame)",
      '            if message["type"] == "ping":',
      '                await socket.send(json.dumps({"type": "pong"}))',
      "            else:",
      "                print(message)",
    );
  }
  lines.push("", "", "asyncio.run(main())");
  return `${lines.join("\n")}\n`;
}

/** With `token=` at its end where the token goes there. */
function urlOf({ endpoint, server, params, query, place }: Task): string {
  const asked = new URLSearchParams(query).toString();
  const parts = [...(asked === "" ? [] : [asked]), ...(place === "query" ? ["token="] : [])];
  return `${server}${pathOf(endpoint.path, params)}${parts.length === 0 ? "" : `?${parts.join("&")}`}`;
}

/** JSON is both languages' way to write a string. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function indented(value: unknown, indent = ""): string {
  const line = JSON.stringify(value) ?? "{}";
  return line.length <= 80 ? line : JSON.stringify(value, null, 2).replaceAll("\n", `\n${indent}`);
}

function pythonOf(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonOf).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([name, inner]) => `${quoted(name)}: ${pythonOf(inner)}`)
      .join(", ")}}`;
  return JSON.stringify(value);
}

/** A name for the endpoint, of the words of its path: `/ws/rooms/:room` → `wsRooms`. */
function identifierOf(path: string): string {
  const words = path.split(/[^A-Za-z0-9:]+/).filter((word) => word !== "" && !word.startsWith(":"));
  const name = words.map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join("");
  return /^[A-Za-z]/.test(name) && !RESERVED.includes(name)
    ? name
    : `endpoint${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

const RESERVED = [
  "client",
  "connect",
  "default",
  "delete",
  "export",
  "import",
  "in",
  "new",
  "public",
  "reply",
  "channel",
  "static",
  "with",
];

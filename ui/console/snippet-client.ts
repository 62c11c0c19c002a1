import { pathOf } from "./dial.js";
import { cookieComment } from "./snippet-browser.js";
import { literalOf, quoted, type Task, TOKEN_PLACEHOLDER } from "./snippet-task.js";

/** TypeScript with our client. */
export function clientSnippet(task: Task): string {
  const { endpoint, place, query } = task;
  const name = identifierOf(endpoint.path);
  const options = [
    ...(place === undefined ? [] : [`token: ${quoted(TOKEN_PLACEHOLDER)}`]),
    ...(Object.keys(query).length === 0 ? [] : [`query: ${literalOf(query)}`]),
  ];
  const lines = [
    'import { connect } from "tidings/client";',
    `import type { ${name} } from "./app.js"; // the endpoint ${endpoint.path}, by the name that it has in your code`,
    "",
    ...cookieComment(task),
    `const client = connect<typeof ${name}>(${quoted(task.server + pathOf(endpoint.path, task.params))}${options.length === 0 ? "" : `, { ${options.join(", ")} }`});`,
    "client.onStatus((status, why) => console.log(status, why));",
    'client.on("error", (error) => console.error(error.code, error.message));',
    ...task.hears.map((type) => `client.on(${quoted(type)}, (payload) => console.log(payload));`),
    ...(endpoint.channels.some(({ tasks }) => tasks)
      ? ['client.tasks.on("change", (task) => console.log(task));']
      : []),
    ...subscription(task),
    ...request(task),
  ];
  return `${lines.join("\n")}\n`;
}

function subscription({ endpoint, channel }: Task): string[] {
  if (channel === undefined) return [];
  const { history } = endpoint.channels.find(({ pattern }) => pattern === channel.pattern) ?? {};
  const gap = history ? ', { onGap: () => console.log("events were lost here") }' : "";
  return [
    "",
    `const channel = client.subscribe(${quoted(channel.pattern)}, ${literalOf(channel.params)}${gap});`,
    ...channel.events.map((event) => `channel.on(${quoted(event)}, (payload) => console.log(payload));`),
  ];
}

function request({ message }: Task): string[] {
  if (message === undefined) return [];
  return [
    "",
    `const reply = await client.request(${quoted(message.type)}, ${literalOf(message.payload)});`,
    "console.log(reply);",
    ...(message.beginsTask ? ["console.log(await client.tasks.done(reply)); // the reply is a task's id"] : []),
  ];
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

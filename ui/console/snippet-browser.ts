import { cookieFor, literalOf, quoted, type Task, TOKEN_PLACEHOLDER, urlOf } from "./snippet-task.js";

/** Plain JavaScript, as a page has it: nothing of ours. */
export function browserSnippet(task: Task): string {
  const { endpoint, place, message, channel } = task;
  const usesBearer = place === "subprotocol";
  const lines = cookieComment(task);
  if (place !== undefined) lines.push(`const token = ${quoted(TOKEN_PLACEHOLDER)};`);
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

/** For who wonders where the credential is. */
export function cookieComment(task: Task): string[] {
  const cookie = cookieFor(task);
  return cookie === undefined ? [] : [`// The cookie ${cookie} goes by itself, from pages of this server.`];
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
    says.push(`{ type: ${quoted(message.type)}, payload: ${literalOf(message.payload, "  ")}, id: 1 }`);
  return says.map((said) => `socket.send(JSON.stringify(${said}));`);
}

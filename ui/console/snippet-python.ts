import { cookieFor, quoted, type Task, TOKEN_PLACEHOLDER, urlOf } from "./snippet-task.js";

/** Python 3 with the package `websockets`: no subprotocol, as any program may speak. */
export function pythonSnippet(task: Task): string {
  const { endpoint, place, message, channel } = task;
  // A program can send a header, which is in no log: where the endpoint looks there, it goes there.
  const where = endpoint.credentials.some((each) => each.place === "header") && place !== undefined ? "header" : place;
  const cookie = cookieFor(task);
  const lines = [
    '# pip install "websockets>=13"',
    "import asyncio",
    "import json",
    ...(where === "subprotocol" ? ["from base64 import urlsafe_b64encode"] : []),
    ...(where === "query" ? ["from urllib.parse import quote"] : []),
    "",
    "from websockets.asyncio.client import connect",
    "",
  ];
  if (where !== undefined) lines.push(`TOKEN = ${quoted(TOKEN_PLACEHOLDER)}`);
  if (cookie !== undefined) lines.push(`COOKIE = ${quoted(`${cookie}=<${cookie}>`)}`);
  const url = quoted(urlOf({ ...task, place: where }));
  lines.push(where === "query" ? `URL = ${url} + quote(TOKEN, safe="")` : `URL = ${url}`, "", "", "async def main():");
  lines.push(`    async with connect(URL${optionsFor(where, cookie)}) as socket:`);
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

/** Of `connect`: what says who this is. */
function optionsFor(where: Task["place"], cookie: string | undefined): string {
  if (cookie !== undefined) return ', additional_headers={"Cookie": COOKIE}';
  if (where === "header") return ', additional_headers={"Authorization": f"Bearer {TOKEN}"}';
  if (where !== "subprotocol") return "";
  return ', subprotocols=["tidings.v1", "bearer." + urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")]';
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

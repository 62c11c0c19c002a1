import { createHash, randomBytes } from "node:crypto";
import { type Agreed, Violation } from "./frame-reader.js";

/** What a client asks for in its handshake. */
export interface Asked {
  path?: string | undefined;
  /** `Sec-WebSocket-Extensions`: a line of it for each. */
  offer?: string | readonly string[] | undefined;
  /** `Sec-WebSocket-Protocol`. */
  protocols?: string | undefined;
  /** Header lines that take the place of those of the same name, whatever their case; `undefined` leaves it out. */
  headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** The first line. */
  request?: string | undefined;
}

/** The server's answer. */
export interface Head {
  readonly status: number;
  /** By lower-case name; of equal names, each value. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** The key of RFC 6455 §1.3's own example, or one of one's own. */
export function writeRequest(asked: Asked, key = randomBytes(16).toString("base64")): string {
  const headers = new Map<string, string | readonly string[] | undefined>([
    ["host", "127.0.0.1"],
    ["upgrade", "websocket"],
    ["connection", "Upgrade"],
    ["sec-websocket-key", key],
    ["sec-websocket-version", "13"],
    ["sec-websocket-extensions", asked.offer],
    ["sec-websocket-protocol", asked.protocols],
  ]);
  const names = new Map([...headers.keys()].map((name) => [name, name]));
  for (const [name, value] of Object.entries(asked.headers ?? {})) {
    headers.set(name.toLowerCase(), value);
    names.set(name.toLowerCase(), name);
  }
  const lines = [...headers].flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => `${names.get(name)}: ${each}`),
  );
  return [asked.request ?? `GET ${asked.path ?? "/echo"} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}

export function parseHead(text: string): Head {
  const [first = "", ...lines] = text.split("\r\n");
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1];
  if (status === undefined) throw new Violation(`RFC 6455 §4.2.2: "${first}" is no status line`);
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name = "", value = ""] = /^([^:\s]+):\s*(.*?)\s*$/.exec(line) ?? [];
    headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), value]);
  }
  return { status: Number(status), headers };
}

/** What a client has to look at before it believes in a 101 (RFC 6455 §4.1), and what was agreed on. */
export function checkAccepted(head: Head, asked: Asked, key: string): Agreed | undefined {
  const one = (name: string) => {
    const values = head.headers.get(name) ?? [];
    if (values.length > 1) throw new Violation(`RFC 6455 §4.2.2: ${name} comes ${values.length} times`);
    return values[0];
  };
  keep(one("upgrade")?.toLowerCase() === "websocket", "RFC 6455 §4.2.2: Upgrade");
  keep(one("connection")?.toLowerCase() === "upgrade", "RFC 6455 §4.2.2: Connection");
  keep(one("sec-websocket-accept") === acceptOf(key), "RFC 6455 §4.2.2: Sec-WebSocket-Accept");
  const protocol = one("sec-websocket-protocol");
  const protocols = asked.protocols?.split(/\s*,\s*/) ?? [];
  keep(protocol === undefined || protocols.includes(protocol), "RFC 6455 §4.2.2: a subprotocol nobody asked for");
  return agreedOn(one("sec-websocket-extensions"), [asked.offer ?? []].flat().join(", "));
}

/** RFC 6455 §4.2.2, step 5.4. */
export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** RFC 7692 §7.1: an answer's parameters, and what each may be. */
function agreedOn(answer: string | undefined, offer: string): Agreed | undefined {
  if (answer === undefined) return undefined;
  const [name, ...params] = answer.split(/\s*;\s*/);
  keep(name === "permessage-deflate" && offer.includes(name), "RFC 6455 §9.1: an extension nobody asked for");
  const given = new Map(params.map((param) => splitParam(param)));
  keep(given.size === params.length, "RFC 7692 §7: a parameter twice");
  for (const [param, value] of given)
    keep(paramRules.get(param)?.test(value) ?? false, `RFC 7692 §7: ${param}=${value}`);
  const mayLimitClient = offer.includes("client_max_window_bits") || !given.has("client_max_window_bits");
  keep(mayLimitClient, "RFC 7692 §7.1.2.2: client_max_window_bits, which was not offered");
  return {
    serverTakesContextOver: !given.has("server_no_context_takeover"),
    clientMayTakeContextOver: !given.has("client_no_context_takeover"),
    serverWindowBits: Number(given.get("server_max_window_bits") ?? 15),
    clientWindowBits: Number(given.get("client_max_window_bits") ?? 15),
  };
}

const bits = /^(8|9|1[0-5])$/;
const paramRules = new Map([
  ["server_no_context_takeover", /^$/],
  ["client_no_context_takeover", /^$/],
  ["server_max_window_bits", bits],
  ["client_max_window_bits", bits],
]);

function splitParam(param: string): [string, string] {
  const [name = "", value = ""] = param.split("=");
  return [name, value];
}

function keep(isKept: boolean, rule: string): asserts isKept {
  if (!isKept) throw new Violation(rule);
}

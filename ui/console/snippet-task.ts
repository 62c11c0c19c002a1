import { cookieOf, type EndpointDoc, type PagePlace } from "./api.js";
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
  readonly message: { readonly type: string; readonly payload: unknown; readonly beginsTask: boolean } | undefined;
  /** A channel to subscribe to: none where the server joins it by itself, which would answer `already_subscribed`. */
  readonly channel:
    | {
        readonly pattern: string;
        readonly name: string;
        readonly params: Readonly<Record<string, string>>;
        readonly events: readonly string[];
      }
    | undefined;
  /** What else is heard: said to this connection alone, and events of channels that the server has it on. */
  readonly hears: readonly string[];
}

/** What stands in the place of a token: no snippet has a real one. */
export const TOKEN_PLACEHOLDER = "<token>";

/** What the browser sends by itself, where nothing else says who this is. */
export function cookieFor({ endpoint, place }: Task): string | undefined {
  return place === undefined ? cookieOf(endpoint) : undefined;
}

/** With `token=` at its end where the token goes there. */
export function urlOf({ endpoint, server, params, query, place }: Task): string {
  const asked = new URLSearchParams(query).toString();
  const parts = [...(asked === "" ? [] : [asked]), ...(place === "query" ? ["token="] : [])];
  return `${server}${pathOf(endpoint.path, params)}${parts.length === 0 ? "" : `?${parts.join("&")}`}`;
}

/** JSON is both languages' way to write a string. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** A value as TypeScript has it: `{ text: "hi" }`, on lines of its own where it is long. */
export function literalOf(value: unknown, indent = ""): string {
  const line = shortLiteral(value);
  if (line.length <= 80 || typeof value !== "object" || value === null) return line;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => literalOf(item, inner))
    : Object.entries(value).map(([name, item]) => `${nameOf(name)}: ${literalOf(item, inner)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return `${open}\n${parts.map((part) => `${inner}${part},\n`).join("")}${indent}${close}`;
}

function shortLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shortLiteral).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const parts = Object.entries(value).map(([name, item]) => `${nameOf(name)}: ${shortLiteral(item)}`);
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}

function nameOf(name: string): string {
  if (name === "__proto__") return '["__proto__"]'; // the plain way it would be no field
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

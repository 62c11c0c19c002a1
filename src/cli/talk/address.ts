import { ConfigError } from "../../index.js";
import { withEnvFile } from "../env-file.js";
import type { Streams } from "../terminal.js";
import { visibleText } from "../visible-text.js";

/** Where an app listens that says nothing else. */
const DEFAULT_PORT = "8000";

/**
 * The address that was meant: `ws://host/path`, `http://host/path` just as well, `localhost:8000/ws`, or on this computer
 * `:8123/ws` and `/ws`, which is at the port that TIDINGS_PORT tells apps that are started here.
 *
 * @throws {ConfigError} `invalid_address`, `unreadable_env_file`
 */
export function readAddress(given: string, env: Streams["env"]): URL {
  checkHost(given);
  const text = withScheme(given, env);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw invalidAddress("is not an address");
  url.protocol = url.protocol.replace(/^http/, "ws");
  if (!/^wss?:$/.test(url.protocol)) throw invalidAddress(`is asked by ${url.protocol.slice(0, -1)}`);
  if (url.hash !== "") throw invalidAddress("has a # in it, which no WebSocket's has; in a path it is %23");
  return url;
}

/** Without what may be a secret: the query, a name and a password. */
export function nameOf({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

function withScheme(given: string, env: Streams["env"]): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(given)) return given;
  if (given.startsWith("/")) return `ws://127.0.0.1:${withEnvFile(env).TIDINGS_PORT || DEFAULT_PORT}${given}`;
  return given.startsWith(":") ? `ws://127.0.0.1${given}` : `ws://${given}`;
}

/** A host of digits alone is an IPv4 address (RFC 3986 §7.4), of somebody else: whoever writes one meant a port. */
function checkHost(given: string): void {
  const [, port, path = ""] = /^(\d+)(\/[^?#]*)?(?:[?#]|$)/.exec(given) ?? [];
  if (port === undefined) return;
  throw new ConfigError("invalid_address", {
    message: "The address has a number in the place of its host.",
    fix: `Did you mean :${port}${visibleText(path)}?`,
  });
}

function invalidAddress(what: string): ConfigError {
  return new ConfigError("invalid_address", {
    // Without the address itself: it may hold a token.
    message: `The address ${what}.`,
    fix: "Give it like ws://127.0.0.1:8000/ws/rooms/lobby, or /ws/rooms/lobby for the port of this computer that TIDINGS_PORT says, else 8000.",
  });
}
